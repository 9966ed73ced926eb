"""Slack's Web API: how its methods are called, and how they say no."""
