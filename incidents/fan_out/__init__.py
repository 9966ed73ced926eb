"""An update to many tickets: what a helpdesk takes of us, and who is told first."""
