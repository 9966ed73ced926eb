"""What is told of a process at work."""
