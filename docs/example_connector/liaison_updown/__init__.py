"""Whether a service is up, by a word that something else writes into a file."""
