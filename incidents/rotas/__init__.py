"""Who is on call: rotas as arithmetic, whom a page wakes one after the other, and what our own pager keeps."""
