"""The policy: what the file may say, read with line numbers, and what follows from it."""
