"""Connections that are listened to (IMAP, Matrix, Icinga's stream), and the process that does nothing else."""
