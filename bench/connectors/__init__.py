"""`make bench only=connectors`: what a connector costs beside the bare calls that it makes."""
