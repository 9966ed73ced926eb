"""What another tool has, taken over into the policy file, with a report of what was left out."""
