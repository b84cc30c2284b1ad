"""Trials that DeepSpeed ZeRO spreads over several devices."""
