"""A small ServiceNow for tests."""
