"""A small GitHub for tests."""
