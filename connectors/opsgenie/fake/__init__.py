"""An Opsgenie account of our own."""
