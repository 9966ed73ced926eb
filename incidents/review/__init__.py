"""The review of an incident: what it goes by, its measures, and the document."""
