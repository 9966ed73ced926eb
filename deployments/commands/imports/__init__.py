"""What is taken over from other tools, and told to whoever takes it over."""
