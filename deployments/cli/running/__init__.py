"""The parts of an installation, each by itself; and what operators look after them with."""
