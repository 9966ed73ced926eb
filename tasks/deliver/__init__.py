"""Sending effects: one module a family of kinds, each turning leased effects into settled ones."""
