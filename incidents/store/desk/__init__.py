"""The desk of our own, in PostgreSQL: what comes in, what goes out, what stands on a ticket."""
