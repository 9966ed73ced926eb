"""A small Roundup for tests."""
