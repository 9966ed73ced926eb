"""What drills on a team's own sandbox accounts need of connectors, beside their ports."""
