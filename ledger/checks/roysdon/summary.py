"""Section 1.6: the recursions."""

from ledger.checking import check
from ledger.checks.oracles import close, networks


def steps(n):
    """1 to T - 1: steps that have a next one."""
    return range(1, n.T)


@check(
    "roysdon-1.6-01",
    printed=lambda n, t: n.p[t] - n.y[t],
    planted=[lambda n, t: n.y[t] - n.p[t], lambda n, t: n.p[t] * n.y[t] - n.y[t]],
    cases=networks,
)
def output_error(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, t), n.total("z", t))


def printed_future(n, t, delta):
    return (n.slope(n.s[t + 1])[:, None] * n.W_hh).T @ delta


@check(
    "roysdon-1.6-14",
    printed=printed_future,
    corrected=lambda n, t, delta: n.W_hh.T @ delta,
    planted=[lambda n, t, delta: n.W_hh @ delta],
    cases=networks,
)
def the_slope_stands_twice(statement, n):
    for t in steps(n):
        later = n.total("h", t, of=lambda s, h, z, ell, t=t: sum(ell[t + 1 :]))
        assert close(statement(n, t, n.total("s", t + 1)), later)
