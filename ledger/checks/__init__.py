"""The checks, a package a document and a module a subject."""
