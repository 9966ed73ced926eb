"""The account's webhooks: listed, compared with what we need, and mended."""
