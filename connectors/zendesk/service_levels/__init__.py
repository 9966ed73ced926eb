"""Zendesk's SLA policies, schedules and time zones, read for the policy."""
