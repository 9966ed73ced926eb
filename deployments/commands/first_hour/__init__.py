"""From nothing to a working installation: questions, a policy, connections, and a look at all of it."""
