"""How incidents went, for people, as files and for scripts."""
