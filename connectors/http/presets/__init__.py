"""Settings of common senders, a file each."""
