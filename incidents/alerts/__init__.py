"""Alerts as monitors tell of them: one row an episode, and what incidents hear of it."""
