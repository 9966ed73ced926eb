"""Which webhooks Zammad sends, by which triggers, and how they are mended."""
