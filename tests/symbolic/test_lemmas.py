"""The rules as lemmas: each is proved for every size, and a wrong one is not."""

from dataclasses import replace
from pathlib import Path

import pytest
import sympy as sp

from rnnlib.symbolic import derive, lemma
from rnnlib.symbolic.derivation import LEMMAS, rules
from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.entries import normal, same
from rnnlib.symbolic.derivation.entry_printing import show_latex, show_text
from tests.symbolic.cells import CELLS

DERIVED = Path(__file__).parent / "derived" / "lemmas"


@pytest.mark.parametrize("name", LEMMAS)
def test_every_rule_is_a_lemma_that_is_proved(name):
    found = lemma(name)
    assert found and "proved" in str(found)
    assert "aligned" in found._repr_markdown_()
    written = (DERIVED / f"{name.replace(' ', '-')}.txt").read_text("utf-8")
    assert f"{found}\n\n{found._repr_markdown_()}\n" == written


@pytest.mark.parametrize("power", ["v_t^4", "v_t^7", "1 / v_t^3", "1 / sqrt(v_t)"])
def test_the_rule_for_a_power_is_proved_for_other_exponents_too(power, monkeypatch):
    """The lemma on the page is of four exponents, and says so."""
    says, *examples = LEMMAS["a power"]
    assert len(examples) == 4 and says.endswith("2, 3, -1 and 1/2")
    other = replace(examples[0], text=f"u_t = {power}")
    monkeypatch.setitem(LEMMAS, "a power", (says, other))
    assert lemma("a power")


def test_every_rule_that_the_machine_applies_has_a_lemma():
    assert {rule.name for rule in rules.RULES.values()} <= set(LEMMAS)
    assert {f"the function {name}" for name in rules.SLOPES} <= set(LEMMAS)


def test_a_proof_reads_line_by_line():
    lines = str(lemma("a matrix product")).splitlines()
    assert lines[7] == "  its derivative  dU_ij/dB_pq = " + (
        "sum_k A_ik (sum_l [k=p] [l=q] C_lj) = A_ip C_qj"
    )
    assert lines[9] == "  the rule        dL/dB_pq = " + (
        "sum_r A_rp (sum_s C_qs a_rs), from A^T a_t C^T"
    )


def test_the_chain_rule_is_written_out_where_one_block_reads_the_operand():
    chain = [
        [line for line in str(lemma(name)).splitlines() if "the chain rule" in line]
        for name in ("a matrix product", "a concatenation", "half the squared error")
    ]
    product, parts, loss = chain
    assert product[1].endswith(
        "dL/dB_pq = sum_i sum_j a_ij dU_ij/dB_pq = sum_k sum_l A_kp C_ql a_kl"
    )
    assert [line.count(" = ") for line in parts] == [1, 1]  # two blocks read neither
    assert [line.count(" = ") for line in loss] == [1]


def test_a_quotient_has_brackets_below_where_there_is_a_product():
    i = sp.Idx("i", 3)
    a, b, c = (sp.IndexedBase(name)[i] for name in "abc")
    assert show_text(a / b) == "a_i / b_i"
    assert show_text(a / (b * c)) == "a_i / (b_i c_i)"
    assert show_text(a / (b + c)) == "a_i / (b_i + c_i)"
    assert show_text(-a / 2) == "-a_i / 2"
    assert show_text(a / sp.sqrt(b + c)) == "a_i / sqrt(b_i + c_i)"


def doubled(node, a, value):
    """A rule that sends back twice what is right."""
    right = RIGHT[type(node)](node, a, value)
    return [(part, ex.times(ex.number(2), sent)) for part, sent in right]


def first_only(node, a, value):
    """A rule that forgets all operands but the first."""
    first, *rest = RIGHT[type(node)](node, a, value)
    return [first, *((part, ex.zero(part.shape)) for part, _ in rest)]


RIGHT = dict(rules.BACKWARD)
OF_NAME = {rule.name: kind for kind, rule in rules.RULES.items()}


@pytest.mark.parametrize("name", OF_NAME)
def test_the_proof_of_a_wrong_rule_fails(name, monkeypatch):
    kind = OF_NAME[name]
    for wrong in (doubled, first_only)[: 1 + (kind in (ex.Sum, ex.MatMul, ex.Concat))]:
        monkeypatch.setitem(rules.BACKWARD, kind, wrong)
        assert not lemma(name)
        assert "wrong for" in str(lemma(name))


def test_the_proofs_of_subtle_mistakes_fail(monkeypatch):
    def untransposed(node, a, value):
        return [(p, ex.transpose(s)) for p, s in RIGHT[ex.Transpose](node, a, value)]

    def first_term(node, a, value):
        return [(node.args[0], ex.times(value, a))]

    def no_norm(node, a, value):
        return [(node.args[0], ex.times(a, node.args[0]))]

    for kind, wrong, name in (
        (ex.Softmax, first_term, "softmax"),
        (ex.Softmax, first_term, "softmax with cross-entropy"),
        (ex.Transpose, untransposed, "a transpose"),
        (ex.Norm, no_norm, "a norm"),
    ):
        with monkeypatch.context() as patched:
            patched.setitem(rules.BACKWARD, kind, wrong)
            assert not lemma(name)


@pytest.mark.parametrize("name", rules.SLOPES)
def test_the_proof_of_a_wrong_slope_fails(name, monkeypatch):
    right = rules.SLOPES[name]
    monkeypatch.setitem(rules.SLOPES, name, lambda s, v: rules.one_minus(right(s, v)))
    assert not lemma(f"the function {name}")


def test_an_index_that_is_a_sum_stands_in_brackets():
    i, k, m = sp.symbols("i k m", cls=sp.Idx)
    u, A = sp.IndexedBase("u"), sp.IndexedBase("A")
    assert show_text(u[m + i]) == "u_(i + m)"
    assert show_text(A[k, m + i] + u[i]) == "A_(k,i + m) + u_i"
    assert show_text(A[k, i]) == "A_ki" and show_text(u[3]) == "u_3"
    assert show_latex(u[m + i]) == "u_{i + m}"


def test_an_unknown_lemma_is_refused():
    with pytest.raises(ValueError, match="name: expected one of 'a sum'"):
        lemma("a guess")


def test_sums_have_one_form():
    n = sp.Symbol("n", integer=True, positive=True)
    i, j, k = (sp.Idx(name, (1, n)) for name in "ijk")
    a, b, M = map(sp.IndexedBase, ("a", "b", "M"))

    def over(body, *indices):
        for index in indices:
            body = sp.Sum(body, (index, 1, n))
        return body

    assert same(over(a[i] * over(b[j], j), i), over(b[k], k) * over(a[j], j))
    assert same(over(M[i, j] * a[i] * b[j], i, j), over(M[k, i] * b[i] * a[k], i, k))
    assert same(over(a[i] * sp.KroneckerDelta(i, j), i), a[j])
    assert same(over(a[i] + 2, i), over(a[k], k) + 2 * n)
    assert not same(
        over(M[i, j] * a[i] * b[j], i, j), over(M[i, j] * a[j] * b[i], i, j)
    )
    assert not same(over(a[i] * b[i], i), over(a[i], i) * over(b[i], i))
    assert not same(a[i] + 1, a[i]) and not same(a[i], a[i] + 1)
    assert normal(over(a[i], i) - over(a[j], j)) == 0


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_is_proved_for_every_size(name):
    cell = CELLS[name]
    d = derive(cell.text, cell.sizes, **cell.options)
    found = d.prove_every_size()
    assert found and "every size" in str(found)
    assert found.uses == sum(
        len({u.lag for u in us if u.reader == r})
        for us in d.recursion.uses.values()
        for r in {u.reader for u in us}
    )
    assert set(d.rules) <= set(LEMMAS)


@pytest.mark.parametrize("kind", [ex.Times, ex.MatMul, ex.Apply])
def test_a_wrong_rule_is_not_proved_for_every_size(kind, monkeypatch):
    cell = CELLS["lstm"]
    monkeypatch.setitem(rules.BACKWARD, kind, doubled)
    found = derive(cell.text, cell.sizes).prove_every_size()
    assert not found and "not proved" in str(found)


def test_a_block_of_one_entry_is_proved_and_a_wrong_rule_of_it_is_not(monkeypatch):
    text = "g_t = sigma(w^T h_{t-1})\nu_t = [h_{t-1}; g_t]\nh_t = tanh(W u_t + U x_t)"
    assert derive(text, {"x": "d_x", "h": "d_h"}).prove_every_size()
    monkeypatch.setitem(rules.BACKWARD, ex.Concat, doubled)
    found = derive(text, {"x": "d_x", "h": "d_h"}).prove_every_size()
    assert found.failed == ("h in u", "g in u")


def test_a_wrong_common_factor_is_not_proved(monkeypatch):
    from rnnlib.symbolic.derivation import recursion

    right = recursion.collected
    monkeypatch.setattr(
        recursion, "collected", lambda node: ex.times(ex.number(2), right(node))
    )
    cell = CELLS["peephole"]
    found = derive(cell.text, cell.sizes).prove_every_size()
    assert any("sum over the uses" in name for name in found.failed)
