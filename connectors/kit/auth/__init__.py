"""How a connector proves to its vendor who it is: each way a type, and no vendor's folder writes its own."""
