"""The one accountable agent of an incident: found, handed over, missed."""
