"""The symbols of the book and of the documents, and printing in any of them.

`documents` holds one mapping of names a notation, `brought` those of the texts that
readers come with, `conventions` what else differs (rows
for columns, factors that a source leaves out). `printer` and `layout` print an
expression in a notation; `tabs` shows it in every one.
"""
