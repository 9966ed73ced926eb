"""What Jira and Jira Service Management share: one site, its login, its texts, its webhooks."""
