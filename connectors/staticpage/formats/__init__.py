"""The formats that a page is written in."""
