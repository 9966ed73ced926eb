"""What is written on a ticket: replies and notes, theirs and ours."""
