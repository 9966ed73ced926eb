"""Learning and predicting as tasks."""
