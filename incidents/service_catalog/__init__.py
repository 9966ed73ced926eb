"""What a catalogue of services says, and how it goes with the policy."""
