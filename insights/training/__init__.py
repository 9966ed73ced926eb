"""Learn, judge against the one before, keep the better, watch for drift."""
