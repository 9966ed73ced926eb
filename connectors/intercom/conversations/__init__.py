"""Intercom's conversations, read and changed."""
