"""The command that writes a text with a trained network."""

import numpy as np

from rnnlib.char import run
from rnnlib.language.generate import cell_step, generate
from rnnlib.validate import check_count


def sample(args):
    """Print a text that the network writes."""
    model = run.load(args.model)
    alphabet = model.about.alphabet
    start = args.start
    if start is None:
        start = "\n" if "\n" in alphabet.symbols else alphabet.symbols[0]
    try:
        prompt = alphabet.encode(start)
    except ValueError as error:
        raise ValueError(f"start: {str(error).removeprefix('text: ')}") from None
    check_count("seed", args.seed, least=0)
    layer, W_hy, b_y = model.params.values()
    indices = generate(
        cell_step(model.cell, layer, W_hy, b_y),
        model.carried,
        prompt,
        args.length,
        rng=np.random.default_rng(args.seed),
        temperature=args.temperature,
    )
    print((start if args.start is not None else "") + alphabet.decode(indices))
    return 0
