"""Histories of `bench.sync` through real connectors, on the fakes that speak their vendors' protocols."""
