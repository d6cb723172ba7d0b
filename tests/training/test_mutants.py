"""Whatever a checkpoint or the loop forgets is noticed when a run is resumed."""

from rnnlib import training
from tests.support.mutants import Mutant, each, fails, planted, with_result
from tests.training.problem import carrying, run, same, start, start_carrying


def resumes(folder):
    """A run that stops half way goes on like one that does not, from the file too."""
    path = folder / "run.safetensors"
    for first, options in ((start(), {}), (start_carrying(), {"objective": carrying})):
        unbroken = run(first, 23, **options)
        half = run(first, 15, checkpoint=path, **options)
        loaded = training.load_checkpoint(path, first)
        if not (same(loaded, half) and loaded.step == half.step == 15):
            return False
        if not all(same(run(s, 23, **options), unbroken) for s in (half, loaded)):
            return False
    return bool(half.carried["h"].any()) and damage_is_noticed(path, first)


def damage_is_noticed(path, first):
    """A file with another last byte is refused."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    try:
        training.load_checkpoint(path, first)
    except ValueError as error:
        return "damaged" in str(error)
    return False


def not_kept(part):
    """`train` gives back that part as it was at the beginning."""

    def change(state, first, *_):
        return state._replace(**{part: getattr(first, part)})

    return Mutant(
        f"{part} not carried on", "rnnlib.training.loop.train", with_result(change)
    )


def not_restored(part):
    """`load_checkpoint` takes that part from the state that gives the form."""

    def change(state, path, like):
        return state._replace(**{part: getattr(like, part)})

    return Mutant(
        f"{part} not restored",
        "rnnlib.training.checkpoint.load_checkpoint",
        with_result(change),
    )


PARTS = ("step", "params", "optimiser", "best", "patience", "history", "rng", "carried")
MUTANTS = [
    *map(not_kept, PARTS),
    *map(not_restored, PARTS),
    Mutant(
        "damage not noticed",
        "rnnlib.training.checkpoint._digest",
        lambda right: lambda arrays, text: "",
    ),
]


@each(MUTANTS)
def test_caught(mutant, tmp_path):
    with planted(mutant):
        assert fails(resumes, tmp_path)


def test_nothing_is_found_without_a_mistake(tmp_path):
    assert resumes(tmp_path)
