"""Zammad's connector."""
