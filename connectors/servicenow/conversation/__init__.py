"""What is written on a ticket: the journal, and changes that are read back from it."""
