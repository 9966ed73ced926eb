"""Secrets and personal details leave no text that leaves customer service."""
