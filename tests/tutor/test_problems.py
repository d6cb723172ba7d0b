"""The arguments on which answers are compared: what each is made for."""

import numpy as np

import rnnlib
from rnnbook.tutor import problems


def logits_of(at):
    """The logits of a problem."""
    return rnnlib.forward(at.params, at.x, h_0=at.h_0).z


def test_logits_that_exp_cannot_take():
    assert logits_of(problems.large_logits()).min() > 710


def test_rows_of_one_step_have_logits_of_either_sign():
    z = logits_of(problems.unlike_rows())
    assert (np.abs(z) > 800).all() and (np.sign(z) == np.sign(z[..., :1])).all()
    assert any(row.min() < 0 < row.max() for row in z[..., 0])
    assert (np.ptp(z, axis=-1) < 50).all()
