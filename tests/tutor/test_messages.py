"""What a check says to code that cannot be compared: sentences, never a traceback."""

import warnings

import numpy as np
import pytest

from rnnbook.tutor import (
    Diagnosis,
    check_backward,
    check_clipping,
    check_forward,
    check_sampling,
    check_training,
    check_update,
    check_windows,
    solved,
)
from rnnbook.tutor.matching import agree
from rnnlib import Params
from tests.tutor.readers import program
from tests.tutor.test_catalogue import CHECKS


def zeros(params, x, y, h, p):
    return Params(*map(np.zeros_like, params))


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_a_stub_is_called_a_stub(check):
    def stub(*arguments):
        raise NotImplementedError("this is not written yet")

    found = check(stub)
    assert not found.ok and not found.written
    assert str(found) == f"{found.name}: this is not written yet"


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_an_empty_function_is_asked_for_its_return(check):
    assert "is there a return?" in str(check(lambda *arguments: None))


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_no_function_at_all(check):
    assert str(check(3)).endswith(": expected a function, got int")


def test_an_exception_is_told_with_its_line():
    def forward(params, x, y, h_0):
        h = h_0
        return h @ params.W_hy

    text = str(check_forward(forward))
    assert text.startswith("forward: it raised ValueError: matmul")
    assert text.endswith("line 3 of the function: `return h @ params.W_hy`")


def test_an_exception_in_a_helper_names_the_helper():
    def helper(x):
        return {}[x]

    def windows(indices, length):
        return helper(length)

    text = str(check_windows(windows))
    assert "it raised KeyError: 7" in text
    assert text.endswith("in `helper`, which it calls: `return {}[x]`")


def test_wrong_arguments_are_an_exception_of_the_reader():
    assert "it raised TypeError" in str(check_forward(lambda params: 1))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"W_hh": np.zeros((3, 4))},
            "gradients.W_hh: expected shape (4, 4), got (3, 4)",
        ),
        ({"b_h": [[1], [2, 3]]}, "gradients.b_h: expected an array, got rows of other"),
        ({"b_y": None}, "gradients.b_y: expected numbers, got None"),
        ({"b_y": 3 * np.ones(5)}, "b_y is off by"),
        ({"b_y": np.full(5, np.nan)}, "b_y 5 of 5 entries are NaN or infinite"),
        ({"b_y": np.zeros(5)}, "b_y is zero throughout"),
    ],
)
def test_what_is_wrong_with_a_gradient(change, words):
    right = program("backward")

    def backward(*arguments):
        return right(*arguments)._replace(**change)

    text = str(check_backward(backward))
    assert words in text and "Traceback" not in text


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ((1, 2), "gradients: expected the five arrays W_xh, W_hh, b_h, W_hy, b_y, got"),
        (3.0, "got float"),
        ({"W_xh": 1}, "got dict"),
    ],
)
def test_wrong_containers(result, words):
    assert words in str(check_backward(lambda *arguments: result))


def test_wrong_numbers_of_results():
    assert "expected loss, h, p, got tuple of 2" in str(
        check_forward(lambda *a: (1, 2))
    )
    assert "expected x, y, got ndarray" in str(check_windows(lambda *a: np.ones(3)))
    assert "expected params, memory, got int" in str(check_update(lambda *a: 1))
    assert "expected params, losses" in str(check_training(lambda *a: 1))


def test_shapes_of_states_losses_and_symbols():
    right = program("forward")

    def short(*arguments):
        loss, h, p = right(*arguments)
        return loss, h[1:], p

    def several(*arguments):
        loss, h, p = right(*arguments)
        return [loss, loss], h, p

    assert "h: expected shape (7, 3, 4), got (6, 3, 4)" in str(check_forward(short))
    assert "loss: expected one number, got 2" in str(check_forward(several))
    assert "expected shape (60,), got (3,)" in str(check_sampling(lambda *a: [1, 2, 3]))
    outside = np.full(60, 17)
    assert "integers from 0 to 10" in str(
        check_sampling(lambda p, h, first, length, *a: outside[:length])
    )
    assert "losses: expected shape (7,), got (2,)" in str(
        check_training(lambda params, *a: (params, [1, 2]))
    )
    assert "x has shape (1, 7); expected (16, 7)" in str(
        check_windows(lambda i, n: (i[None, :n], i[None, :n]))
    )


def test_unknown_mistakes_are_not_guessed():
    def backward(params, x, y, h, p):
        return Params(*(1.0 + v for v in params))

    text = str(check_backward(backward))
    assert "It looks like" not in text
    assert "none of" in text and "nor two of them at once" in text


def test_a_function_that_remembers():
    calls, right = [], program("backward")

    def backward(*arguments):
        calls.append(1)
        return Params(*(len(calls) ** 2 * g for g in right(*arguments)))

    text = str(check_backward(backward))
    assert "another result the second time: it keeps something between calls" in text


def test_factors_and_signs_in_words():
    right = program("backward")

    def twice(*arguments):
        found = right(*arguments)
        return found._replace(W_xh=2 * found.W_xh, b_h=-found.b_h, W_hh=found.W_hh.T)

    text = str(check_backward(twice))
    assert "W_xh is 2 times what it should be" in text
    assert "b_h has the wrong sign, and the right size" in text
    assert "W_hh is the transpose of what it should be" in text
    assert "(right: W_hy, b_y)" in text


def test_checks_print_nothing_and_warn_of_nothing(capsys, recwarn):
    check_forward(lambda params, x, y, h_0: (np.log(-np.ones(1)), 1 / np.zeros(3), 1))
    check_backward(zeros)
    check_clipping(lambda g, threshold: g)
    assert capsys.readouterr() == ("", "") and not recwarn.list


def test_ctrl_c_is_not_swallowed():
    def slow(*arguments):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_forward(slow)


def test_markdown_keeps_names_and_links():
    text = check_backward(zeros)._repr_markdown_()
    assert "W\\_xh" in text
    diagnosis = check_backward(program("backward", " + dh_next", ""))
    assert "[equation (4.7)](../chapters/bptt.ipynb)" in diagnosis._repr_markdown_()
    assert repr(diagnosis) == str(diagnosis)


def test_solved_says_what_is_missing(capsys):
    right, wrong = Diagnosis("forward"), Diagnosis("backward", "broken")
    assert solved(right)
    assert capsys.readouterr().out == ""
    assert not solved(right, wrong)
    assert capsys.readouterr().out == "First the checks of backward have to pass.\n"


@pytest.mark.parametrize("size", [1e-320, 1e-200, 1.0, 1e200, 1e308])
def test_outputs_of_any_size_are_compared(size):
    """Also where their squares overflow or underflow."""
    one, zero = np.array([size, -size]), np.zeros(2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert agree(one, one.copy(), 1e-6) and agree(zero, zero.copy(), 1e-6)
        for other in (-one, one / 2, zero, one[::-1]):
            assert not agree(other, one, 1e-6) and not agree(one, other, 1e-6)
