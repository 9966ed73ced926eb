"""The app that Zendesk shows beside a ticket: static files, and how they become a package of one installation."""
