"""What `liaison check` looks at beside whether it answers."""
