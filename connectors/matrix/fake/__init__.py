"""Matrix' client-server API on a small stateful homeserver."""
