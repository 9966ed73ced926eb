"""Netflix Dispatch, archived since September 2025: its services as a policy file, its incidents as a history."""
