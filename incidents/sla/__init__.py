"""The arithmetic of promises: calendars, clocks, moves, and how to explain them. Knows no policy file."""
