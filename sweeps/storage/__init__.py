"""Results that several machines share: a bucket, and the folder that stands for it."""
