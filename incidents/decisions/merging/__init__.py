"""Two incidents that are one: whether they can be merged, and what each of them, and everybody told, has of it."""
