"""How any table of an instance is read and written: the Table API and its queries."""
