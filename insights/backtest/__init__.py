"""What the insights would have done on a history: replayed in order, each told only what was known by then."""
