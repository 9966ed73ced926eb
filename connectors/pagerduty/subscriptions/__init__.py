"""Which webhooks the account sends, and how they are mended."""
