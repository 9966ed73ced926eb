"""What a person switches off and on for the whole installation."""
