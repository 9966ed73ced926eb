"""A Mattermost of our own, made from its documentation and source."""
