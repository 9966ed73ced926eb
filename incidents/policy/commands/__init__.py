"""The policy's section on commands in private notes."""
