"""Where notices arrive: a phone service and a mail server on loopback."""
