"""What is seen of a sweep while it runs, and how it is stopped."""
