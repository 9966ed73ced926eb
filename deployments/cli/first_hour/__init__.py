"""The verbs of the first hour: `liaison init` and `liaison try`."""
