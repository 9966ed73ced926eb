"""The end of an incident: the last message, what closing waits for, a person's word, and what is told of it."""
