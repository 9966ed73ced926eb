"""Pages that wait: repeats of what engineers have, services that flap, faults whose fix is known."""
