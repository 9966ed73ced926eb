"""A drill on a team's own sandbox accounts: who may be written to, what is written, and how it is cleaned up."""
