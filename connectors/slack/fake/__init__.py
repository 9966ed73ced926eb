"""Slack's wire protocol on a small stateful workspace."""
