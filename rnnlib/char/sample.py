"""The command that writes a text with a trained network."""

import numpy as np

from rnnlib.char import fast, network, run
from rnnlib.language.generate import cell_step, generate
from rnnlib.layers import readout, vanilla
from rnnlib.validate import check_count, check_rate


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
    indices = written(
        model, prompt, args.length, np.random.default_rng(args.seed), args.temperature
    )
    print((start if args.start is not None else "") + alphabet.decode(indices))
    return 0


def written(model, prompt, count, rng, temperature=1.0):
    """``count`` symbols behind a prompt; one vanilla layer takes the fast sampler."""
    count = check_count("count", count)
    temperature = check_rate("temperature", temperature)
    if model.cell is vanilla and temperature > 0 and len(prompt):
        h = model.carried
        if len(prompt) > 1:
            before = prompt[:-1, None]
            h = readout.forward(vanilla, model.params, before, state=h).state
        return fast.sample(
            network.as_params(model.params),
            count,
            first=int(prompt[-1]),
            rng=rng,
            temperature=temperature,
            h_0=h[0],
        )
    step = cell_step(model.cell, *model.params.values())
    return generate(
        step, model.carried, prompt, count, rng=rng, temperature=temperature
    )
