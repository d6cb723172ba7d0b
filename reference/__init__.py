"""The reference pages: what the chapters say, collected and never copied by hand.

`tools.chapters` reads the chapters; `needs` says which chapter builds on which, and
`drawing` draws it; `symbols` and `terms` hold what a symbol and a word mean; `pages`
writes the text of the pages. `_ext/reference_book.py` puts them into the book.
"""
