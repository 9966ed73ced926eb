"""Contacts as customers."""
