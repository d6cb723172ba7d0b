"""Every function of forty ports: right, its real mistake, or not recognised."""

import pytest

from rnnbook import tutor
from tests.tutor.ports import PORTS, UNKNOWN, functions

CHECKS = {
    "forward": tutor.check_forward,
    "backward": tutor.check_backward,
    "update": tutor.check_update,
    "sgd": lambda f, layout: tutor.check_update(f, rule="sgd", layout=layout),
    "clipping": tutor.check_clipping,
    "norm": lambda f, layout: tutor.check_clipping(f, rule="norm", layout=layout),
    "sampling": tutor.check_sampling,
    "training": tutor.check_training,
    "windows": tutor.check_windows,
}


def said(diagnosis):
    """What a check says, in the words of `ports`."""
    if diagnosis.ok:
        return "right"
    if diagnosis.mistakes:
        return {m.name for m in diagnosis.mistakes}
    return UNKNOWN


def test_there_are_forty():
    assert len(PORTS) == 40


@pytest.mark.parametrize("name", PORTS)
def test_port(name):
    port = PORTS[name]
    found, layout = functions(port)
    assert set(port.slips) | set(port.said) <= set(found)
    for function, program in found.items():
        expected = port.said.get(function, "right")
        expected = set(expected) if isinstance(expected, tuple) else expected
        diagnosis = CHECKS[function](program, layout=layout)
        assert said(diagnosis) == expected, f"{function}\n{diagnosis}"
        assert not diagnosis.alternatives
        if expected == UNKNOWN:
            assert diagnosis.first and "The first that differs" in str(diagnosis)
