"""A mail server of our own: IMAP and SMTP on loopback, over one mailbox in memory."""
