"""`make new-connector name=... like=...`: a connector to begin with, copied from one that is small and near."""
