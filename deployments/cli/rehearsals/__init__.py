"""Verbs that rehearse: a drill on fakes, and what another policy would have done."""
