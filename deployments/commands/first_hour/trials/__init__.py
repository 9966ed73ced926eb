"""Harmless tests through a connection, a kind of capability each; nothing that customers read unless they are named."""
