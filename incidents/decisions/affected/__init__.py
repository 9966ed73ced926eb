"""Customers who are hit and have not written: listed with reasons, told once a person allows it, and told the end."""
