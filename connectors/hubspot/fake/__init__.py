"""A HubSpot portal of our own, made from its documentation."""
