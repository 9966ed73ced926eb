"""What people say to Liaison: one parser and one help text for private notes, chat and forms."""
