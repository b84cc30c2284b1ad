"""What searches: sweep files, the search over them, and the report of what came out."""
