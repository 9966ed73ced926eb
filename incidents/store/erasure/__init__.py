"""Forgetting a person: who that is in the store, what tells of them, erased, and the receipt."""
