"""The running example, worked with the functions of `math` alone."""

from math import exp, isclose, log, tanh

import rnnlib
from rnnbook.page.running_example import running_example


def test_by_hand():
    params, x, y = running_example()
    loss, gradients = rnnlib.loss_and_gradients(params, x, y)
    h_1 = tanh(0.5)
    h_2 = tanh(1.5 * h_1)
    p_1, p_2 = (1 / (1 + exp(-2 * h)) for h in (h_1, h_2))  # of class 0
    assert isclose(loss, -log(p_1) - log(1 - p_2))
    g_2 = 2 * p_2  # the rows of W_hy are 1 and -1; the target is class 1
    delta_2 = g_2 * (1 - h_2**2)
    g_1 = 2 * (p_1 - 1) + 1.5 * delta_2
    delta_1 = g_1 * (1 - h_1**2)
    assert isclose(gradients.params.W_hh[0, 0], delta_2 * h_1)
    assert isclose(gradients.params.W_xh[0, 0], delta_1)


def test_no_biases():
    params = running_example().params
    assert [params.b_h.tolist(), params.b_y.tolist()] == [[0], [0, 0]]


def test_new_arrays_at_each_call():
    running_example().params.W_hh[:] = 0
    assert running_example().params.W_hh[0, 0] == 1.5
