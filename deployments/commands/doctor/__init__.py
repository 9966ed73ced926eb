"""`liaison doctor`: a support bundle that says how an installation is, and gives none of its secrets away."""
