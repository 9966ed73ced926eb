"""What may leave customer service, by which way."""
