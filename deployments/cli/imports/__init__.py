"""Commands that take over what other tools have."""
