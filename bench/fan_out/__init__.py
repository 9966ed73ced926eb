"""An update to thousands of tickets, against helpdesks that count their calls."""
