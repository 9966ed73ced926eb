"""A Front of our own, made from its documentation."""
