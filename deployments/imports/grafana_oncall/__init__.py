"""Grafana OnCall, archived since March 2026: its schedules, escalation chains and integrations."""
