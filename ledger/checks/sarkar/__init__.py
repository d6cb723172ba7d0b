"""Checks of the claims of {cite}`sarkar`."""
