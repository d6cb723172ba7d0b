"""The activation phi as SymPy sees it: abstract, or one of the four of `rnnlib`."""

import sympy as sp


class phi(sp.Function):
    """An activation of which nothing is known but that it has a derivative."""

    def fdiff(self, argindex=1):
        return dphi(self.args[0])

    def _latex(self, printer, exp=None):
        return _applied(r"\phi", self, printer, exp)


class dphi(sp.Function):
    """The derivative of `phi`."""

    def _latex(self, printer, exp=None):
        return _applied(r"\phi'", self, printer, exp)


def _applied(name, call, printer, exp):
    name = getattr(printer, "activation_names", {}).get(name, name)
    power = "" if exp is None else f"^{{{exp}}}"
    return rf"{name}{power}\left({printer._print(call.args[0])}\right)"


def relu(s):
    """max(s, 0) with derivative 1 for s > 0 and 0 otherwise, as in `rnnlib`."""
    return sp.Piecewise((s, s > 0), (0, True))


ACTIVATIONS = {
    "phi": phi,
    "tanh": sp.tanh,
    "relu": relu,
    "logistic": lambda s: 1 / (1 + sp.exp(-s)),
    "identity": lambda s: s,
}
