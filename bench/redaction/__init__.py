"""Which secrets come through the redaction, and which ordinary sentences it spoils."""
