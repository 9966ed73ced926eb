"""Whoever looks after a gold customer hears, once an incident, that the customer is hit."""
