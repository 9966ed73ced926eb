"""Exports of other tools, each read as its own API answers."""
