"""Histories of edits in three tools, under faults: do they converge, and in how many writes?"""
