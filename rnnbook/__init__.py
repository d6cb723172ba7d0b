"""What the notebooks use besides the mathematics of `rnnlib`.

`tutor` answers a reader's own functions, `page` shows figures with sliders on a page,
`experiments` holds what repeats a training run many times.
"""
