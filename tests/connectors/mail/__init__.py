"""Mail against its fake: contracts, and what is mail's own."""
