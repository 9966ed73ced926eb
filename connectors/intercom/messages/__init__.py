"""What is written on conversations and tickets alike: parts, marks, notes and replies that are read back."""
