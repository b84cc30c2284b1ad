"""`python -m empathy score` and `prefer`: the measures for replies and pairs of one's own."""
