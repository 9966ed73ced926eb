"""The gateway: in process over ASGI, and on the wire where the wire matters."""
