"""Carrying out commands: whoever said them wherever, through the same steps of the process."""
