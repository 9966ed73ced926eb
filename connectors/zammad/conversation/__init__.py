"""What is written on a ticket: read, written and proven."""
