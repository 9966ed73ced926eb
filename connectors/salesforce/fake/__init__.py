"""A small Salesforce for tests."""
