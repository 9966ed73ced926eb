"""The figures of docs/reliability.md: each drill with its guard, and beside it a control without one that must fail."""
