"""Acknowledgements and downtimes: done once, read back."""
