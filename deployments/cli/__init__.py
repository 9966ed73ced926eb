"""The `liaison` command: its verbs and what each takes."""
