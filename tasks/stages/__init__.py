"""What the stages gather and commit."""
