"""An Intercom of our own, made from its description."""
