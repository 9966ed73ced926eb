"""What is written on a case: comments and mails, read, written and read back."""
