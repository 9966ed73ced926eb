"""The effects ledger: a transactional outbox."""
