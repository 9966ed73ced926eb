"""Problems, or records of another table, as issues for the lasting fix."""
