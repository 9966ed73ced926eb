"""Following incidents: whose turn it is, which runs they share, and how a lane of deliveries is drained."""
