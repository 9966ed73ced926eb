"""Answering pages by mail: the mailbox, its reading, and how far it was read."""
