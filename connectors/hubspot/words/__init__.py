"""What is written on a ticket: notes, which colleagues read, and messages, which customers are sent."""
