"""`liaison replay`: a real company's incident log played as signed webhooks, and every ticket counted at the end.

log            the rows of the log that lie in the window, and where each ticket stands after the last of them
traffic        the order they are sent in: some twice, some late
sender         posts them, signed, over kept connections (http_connection)
connection     the helpdesk connection they come in by, and which of our fields each column is (columns)
accounts       what became of each event and each ticket in the store
play           all of it in order, and the figures (result)
installations  where it is played
command        the command line
"""
