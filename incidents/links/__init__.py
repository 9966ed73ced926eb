"""Links that need no login, signed with keys that are derived from the operator's."""
