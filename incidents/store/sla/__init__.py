"""Clocks as rows: due, kept, broken."""
