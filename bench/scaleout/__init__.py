"""More workers, and what a ticket costs each role."""
