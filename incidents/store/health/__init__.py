"""How the store is, in figures: what operators watch, and what a support bundle has."""
