"""Checks of the claims of {cite}`pal`."""
