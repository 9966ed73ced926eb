"""TeamChannels as incidents' rooms: opened, found again by their key, and never another's."""
