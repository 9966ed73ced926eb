"""The store's history replayed under another policy: what would have been joined, paged and broken differently."""
