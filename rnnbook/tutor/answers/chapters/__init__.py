"""What the checks of the exercises know, one module a chapter."""
