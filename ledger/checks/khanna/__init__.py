"""Checks of the claims of {cite}`khanna`."""
