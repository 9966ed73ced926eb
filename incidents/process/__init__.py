"""What a step comes to, in the one transaction it is given: decide, open, join, follow, sweep. Nothing is sent here."""
