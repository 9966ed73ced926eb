"""The gateway: webhooks in, verified on their raw bytes, on disk before they are answered."""
