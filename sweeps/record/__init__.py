"""What happens in a sweep, as it is told, kept, tracked and read again."""
