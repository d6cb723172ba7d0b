"""Tools of the book; see the Makefile for how they are called."""
