"""What is written on a conversation: replies and notes, theirs and ours."""
