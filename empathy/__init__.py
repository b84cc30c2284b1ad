"""What a trial does, from dialogues to measured adapters. Knows neither Ray nor sweeps."""
