"""The words by which customers say "still broken" and "works again", and machines that nobody is there: data only."""
