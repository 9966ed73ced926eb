"""Texts for colleagues: notes on tickets, what pages and rooms are told."""
