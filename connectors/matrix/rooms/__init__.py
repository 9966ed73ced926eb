"""Rooms of incidents: opened, found again by the key in their first event, followed when they are upgraded."""
