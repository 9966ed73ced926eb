"""Pages of the Prefect UI, as Markdown."""
