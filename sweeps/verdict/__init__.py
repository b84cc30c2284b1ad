"""Which trials count, how surely, and which of them wins."""
