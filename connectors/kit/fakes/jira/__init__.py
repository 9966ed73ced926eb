"""A small Jira for tests: the part that the fakes of Jira and of Jira Service Management share."""
