"""Mail as it goes out: composed, and handed to the server."""
