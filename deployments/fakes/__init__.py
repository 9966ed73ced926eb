"""`liaison fakes`: the vendors' wire fakes on loopback, for whoever tries a tool on them."""
