"""A fifth insight, as another package would bring it: no file of Liaison knows it."""
