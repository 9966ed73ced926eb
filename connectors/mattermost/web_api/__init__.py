"""Mattermost's REST API, version 4: how it is called, and how it says no."""
