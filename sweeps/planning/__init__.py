"""What a sweep will do and what stands in its way, before it starts."""
