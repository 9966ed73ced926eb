"""The SLA sweep, its board and its report as tasks."""
