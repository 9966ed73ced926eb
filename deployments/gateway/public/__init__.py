"""What the gateway shows to anybody who asks."""
