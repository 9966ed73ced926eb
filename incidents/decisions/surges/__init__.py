"""A surge of reports: its name, and what it comes to."""
