"""Checks of the claims of {cite}`roysdon`."""
