"""What follows from a command, wherever it was said: by the incident's case, the policy and the moment alone."""
