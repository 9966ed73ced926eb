"""Each role of an installation as a process of its own."""
