"""Redmine as a helpdesk: the issues of a project are customers' tickets."""
