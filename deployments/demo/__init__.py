"""`liaison demo`: one outage, from the first ticket to the last answer, on a scratch installation."""
