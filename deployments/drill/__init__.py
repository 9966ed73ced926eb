"""A game day: a chosen story against the fakes, on a scratch installation, scored."""
