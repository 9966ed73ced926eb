"""What a step comes to, given the step alone: no environment, no clock, no flow."""
