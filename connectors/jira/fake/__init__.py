"""A small Jira for tests."""
