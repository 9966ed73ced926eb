"""What every wire fake needs: switchable faults, an in-process transport, a loopback server."""
