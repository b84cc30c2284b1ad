"""Which of two replies is better? Several judges behind one protocol, and how far to trust them."""
