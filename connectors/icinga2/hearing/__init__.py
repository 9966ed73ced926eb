"""Hearing Icinga: looks, and its stream of events that says when to look."""
