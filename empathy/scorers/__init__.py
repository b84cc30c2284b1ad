"""How the shipped scorers and the independent judge are trained, and how good they are."""
