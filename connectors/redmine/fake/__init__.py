"""A small Redmine for tests."""
