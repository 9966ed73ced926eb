"""Updates to customers that were promised: said, kept, and what is done when nobody keeps them."""
