"""Is the data fit to learn from, and does each feed still bring what it used to?"""
