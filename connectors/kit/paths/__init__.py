"""Single values out of a stranger's JSON, along paths that an operator wrote down."""
