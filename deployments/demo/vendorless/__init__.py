"""The demo of a team without any vendor: a mailbox, a rota, a folder."""
