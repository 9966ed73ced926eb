"""A mailbox read by IMAP, for whichever vendor listens to one: heard without being marked, and understood leniently."""
