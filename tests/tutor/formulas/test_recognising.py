"""Which letters are yours? A pasted formula is known by its names."""

import pytest

from rnnbook.tutor.formulas.checking import question_for
from rnnbook.tutor.formulas.recognising import FALSE_FRIENDS, recognise, symbols_of
from rnnlib.symbolic import bptt_results
from rnnlib.symbolic.notations.brought import BROUGHT
from rnnlib.symbolic.notations.tabs import ALL, in_notation

PASTED = {
    r"\nabla_{h^{(t)}} L = V^\top \nabla_{o^{(t)}} L + W^\top \nabla_{a^{(t+1)}} L": (
        "goodfellow"
    ),
    "dWhh += np.dot(dhraw, hs[t-1].T)": "karpathy",
    "da_prev = np.dot(Waa.T, dz)": "deeplearning.ai",
    r"x_t = W_{rec}\sigma(x_{t-1}) + W_{in} u_t + b": "pascanu",
    "dnext_h * (1 - next_h**2)": "cs231n",
    r"W_{R}\sigma(h_{t-1}) + W_I x_t": "pal",
    "h_t = tanh(x_t W_ih^T + b_ih + h_{t-1} W_hh^T + b_hh)": "pytorch",
    "F_{net}(t)": "werbos",
}


@pytest.mark.parametrize(("text", "key"), PASTED.items(), ids=PASTED.values())
def test_a_pasted_formula_is_recognised(text, key):
    assert recognise(text).keys == (key,)


@pytest.mark.parametrize("key", [n.key for n in (*ALL, *BROUGHT.values())])
def test_a_notation_is_among_those_of_its_own_lines(key):
    record = {n.key: n for n in (*ALL, *BROUGHT.values())}[key]
    latex = in_notation(bptt_results()["s"], record)
    right = latex.split("=", 1)[1]
    assert key in recognise(right).keys, (right, recognise(right))


def test_what_is_said():
    assert str(recognise("qqq_t + r")).startswith("No notation here has all of")
    assert str(recognise("1 + 2")) == "No name was found in this text."
    assert "Pascanu" in str(recognise("W_{rec} u_t"))
    with pytest.raises(ValueError, match="text: expected a formula as text, got int"):
        recognise(3)
    with pytest.raises(ValueError, match="means nothing"):
        recognise("\u2603")
    assert len(FALSE_FRIENDS) == 10


def test_every_name_is_found_once_as_it_is_written():
    found = recognise("W_{hh} h_{t-1} + W_{hh} h_t^2 + U tanh(x_t)")
    assert found.names == ("W_{hh}", "h_{t-1}", "h_t", "U", "x_t")
    assert found.known["pascanu"] == ("x_t",)
    assert found.known["karpathy"] == ("W_{hh}", "h_{t-1}", "h_t", "x_t")
    assert found.keys == ()
    assert recognise("1 + 2").keys == ()
    long = "a" + 40 * "b"  # of no notation, so that none has all
    assert recognise(f"x_t + {long}").keys == ()
    assert recognise("x_t").keys


def test_a_name_that_cannot_be_read_is_passed_over():
    """Those after it are found."""
    assert recognise("W_{q/2} h + V").names == ("h", "V")


def test_derivatives_are_known_by_what_they_are_derivatives_of():
    assert recognise("dWhh + hprev").known["karpathy"] == ("dWhh", "hprev")
    assert recognise("dqqq").known["karpathy"] == ()


def test_a_false_friend_is_another_quantity():
    """The same text has two verdicts in two notations."""
    texts = {"W_{hh}^\\top \\frac{\\partial L}{\\partial x_{t+1}}"}
    for text in texts:
        assert (
            question_for("future", "pascanu")
            .answer(text.replace("W_{hh}", "W_{rec}").replace("L", "E"))
            .right
        )
        assert not question_for("future", "book").answer(text).right


def test_what_stands_above_a_name_belongs_to_it():
    found = symbols_of(r"W^{h} x_t + \delta^{(s)}_{t+1} - W^T V^2")
    assert found == [
        ("Wh", "W^{h}"),
        ("x", "x_t"),
        ("delta", r"\delta^{(s)}_{t+1}"),
        ("W", "W"),
        ("V", "V"),
    ]
