"""A sweep's workspace and report on a W&B server, made in code; nothing is trained."""
