"""Zendesk's wire protocol on a small stateful help desk."""
