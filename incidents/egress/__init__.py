"""What may leave customer service, by which way; looked at when it departs."""
