"""Which incident, open or past, is this ticket like?"""
