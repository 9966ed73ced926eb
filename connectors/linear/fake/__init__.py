"""A small Linear for tests and the sandbox."""
