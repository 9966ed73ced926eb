"""What belongs to an incident becomes another one's."""
