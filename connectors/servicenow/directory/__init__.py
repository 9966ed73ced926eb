"""Who a customer is, by the users of an instance."""
