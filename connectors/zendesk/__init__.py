"""Zendesk Support: tickets in, replies and notes out, signed webhooks."""
