"""A whole city's outage: tickets of many services at once, and how soon the people of each are woken."""
