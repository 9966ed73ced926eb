"""The Prefect worker that runs flows in its own warm process."""
