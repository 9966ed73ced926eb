"""What a role tells of itself: its log as lines of JSON, and traces by OpenTelemetry."""
