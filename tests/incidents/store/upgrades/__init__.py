"""Stores of earlier versions, brought to today's schema; and today's code beside a newer one."""
