"""Pages at the on-call tool: what those whom they wake do besides taking them."""
