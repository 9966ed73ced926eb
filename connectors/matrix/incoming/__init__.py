"""What people say and do in the rooms: heard by a sync loop, and read as events."""
