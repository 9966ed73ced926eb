"""Changes of many tickets at once, which Zendesk works off as jobs."""
