"""Pages of our own, in PostgreSQL: whom each wakes next, who has it, and the calendars of rotas."""
