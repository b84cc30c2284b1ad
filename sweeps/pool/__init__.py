"""Lane hosts: devices with a base model, and who holds which lane."""
