"""A small RT for tests."""
