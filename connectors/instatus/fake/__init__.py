"""An Instatus of our own."""
