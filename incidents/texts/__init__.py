"""Text in and text out: what customers read, what their answers mean, what can be shown."""
