"""What learning reads from the store and keeps in it."""
