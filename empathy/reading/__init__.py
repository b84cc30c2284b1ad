"""What corpora are read with: strict tables, label sets, spans of evidence."""
