"""The ledger: every claim of the five documents, with a verdict that runs.

`ledger/<document>.toml` has the claims, one record each; `ledger/outlines/` has
what each document contains (sections, equation numbers, displayed formulas), so that
nothing is left out; `ledger/checks/<document>/` has the checks, ordinary functions.
"""
