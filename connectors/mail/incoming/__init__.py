"""Mail as it comes in: read from the server, understood, and put on its ticket."""
