"""Experiments: networks trained many times, and what a call costs, counted."""
