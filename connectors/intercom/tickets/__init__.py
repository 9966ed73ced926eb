"""Intercom's tickets: customers', back-office and tracker tickets, read and changed."""
