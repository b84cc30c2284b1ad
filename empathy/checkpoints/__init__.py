"""Checkpoints of base models: found, converted, checked. The way in is `empathy.weights`."""
