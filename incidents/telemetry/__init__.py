"""What is told of a process at work: which incident it is about, in which trace, and which secrets no log may show."""
