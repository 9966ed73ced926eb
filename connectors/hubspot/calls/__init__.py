"""What goes over the wire: records by the dated API, conversations by the older one, the search with its own limits."""
