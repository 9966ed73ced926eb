"""A Help Scout for tests and drills."""
