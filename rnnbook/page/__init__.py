"""What a page of the book shows: figures with sliders that need no kernel."""
