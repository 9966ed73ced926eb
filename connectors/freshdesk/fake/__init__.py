"""A Freshdesk of our own, made from its documentation."""
