"""A scripted service on the other side of the generic connector: health, actions, signed posts."""
