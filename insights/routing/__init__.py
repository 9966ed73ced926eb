"""Which service, severity and group is a ticket about?"""
