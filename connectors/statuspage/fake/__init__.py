"""A Statuspage of our own."""
