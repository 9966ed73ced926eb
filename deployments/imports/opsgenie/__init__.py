"""Opsgenie, no longer sold since June 2025: its schedules, escalations, teams and services."""
