"""A Zammad of our own, made from its documentation."""
