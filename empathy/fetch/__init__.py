"""`python -m empathy fetch`: public data sets, downloaded from their authors."""
