"""The policy's section `language`."""
