"""The lane engine: many LoRA trials of one frozen language model in one forward pass."""
