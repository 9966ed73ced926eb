"""A small Jira Service Management for tests."""
