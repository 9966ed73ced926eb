"""Clocks of tickets and incidents, kept as their facts change."""
