"""Actions: who is asked before one is started, what must hold just then, and who hears what came of it."""
