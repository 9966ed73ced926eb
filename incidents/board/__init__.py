"""The board: what is open now, most urgent first, and what waits for a person; who may see it."""
