"""Writing to customers first, by tickets of the account's own."""
