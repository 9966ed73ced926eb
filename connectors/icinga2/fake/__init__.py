"""Icinga's API on a small stateful monitor."""
