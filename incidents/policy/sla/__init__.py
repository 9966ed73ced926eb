"""The policy's section `sla`."""
