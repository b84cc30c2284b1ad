"""The report of a sweep, made from its files alone."""
