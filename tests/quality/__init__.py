"""The quality scale: what each connector has, read from its code, and checked."""
