"""The board in the gateway: pages for whoever may see it, live while they look, read-only."""
