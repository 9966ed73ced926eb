"""What the insights are worth: on public logs, out of time, with intervals."""
