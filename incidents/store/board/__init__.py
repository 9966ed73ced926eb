"""What the board is read from: all that is open at one moment, whether it has changed, and what somebody looks for."""
