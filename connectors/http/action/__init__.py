"""Remedies that are started by a POST."""
