"""Checks of the claims of {cite}`topcuoglu`."""
