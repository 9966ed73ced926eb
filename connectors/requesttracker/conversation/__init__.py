"""What was written on a ticket."""
