"""Writing back to a helpdesk without a connector, by calls that the operator wrote down."""
