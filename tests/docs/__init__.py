"""What the documentation shows is true: its blocks run or load, its commands, paths, names and links exist."""
