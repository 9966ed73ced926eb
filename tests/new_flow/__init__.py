"""`make new-flow name=...`: a flow to begin with, with its task, its decision, its deployment and its tests."""
