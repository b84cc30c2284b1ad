"""The shipped empathy scorers and the card that judges them; files only."""
