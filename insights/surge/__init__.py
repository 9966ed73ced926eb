"""Are there more reports than usual, and of what?"""
