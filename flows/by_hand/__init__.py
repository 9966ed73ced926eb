"""Flows that a person starts, by a form of the Prefect UI."""
