"""The shipped empathy scorers, the n-gram judge, and the cards that judge them; files only."""
