"""Finding what points to a person in a text, and putting a placeholder there: never a guarantee."""
