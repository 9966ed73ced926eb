"""A small GitLab for tests and the sandbox."""
