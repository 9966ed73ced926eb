"""What a role tells of itself."""
