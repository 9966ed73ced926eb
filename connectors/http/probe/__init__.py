"""Looks at a service from the outside: is it failing?"""
