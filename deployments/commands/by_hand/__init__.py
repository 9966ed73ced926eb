"""What a person decides, by a command."""
