"""Pruning what is older than the policy keeps it, in our store and in Prefect's database."""
