"""A helpdesk's service levels as a section of the policy."""
