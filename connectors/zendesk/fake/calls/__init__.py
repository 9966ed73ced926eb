"""The fake Zendesk's calls by what they are on, and what they share: how requests are read and answers told."""
