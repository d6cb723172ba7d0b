"""True derivatives of a network in fractions, by pushing a change forwards.

Nothing here goes backwards in time, and nothing is taken from `rnnlib.symbolic` but
the numbers of the point. The loss enters through its gradient at the logits, p - y.
"""

import sympy as sp

PARAMETERS = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")


class ForwardOracle:
    """Gradients and Jacobians at a `rational_point`."""

    def __init__(self, point):
        self.point = point

    def push(self, name, step, change):
        """The change of every s, h and z when one quantity changes."""
        point, T = self.point, self.point.T

        def moved(base, t):
            zero = sp.zeros(*point(base, *([t] if base in "shz" else [])).shape)
            return change if (base, t) == (name, step) else zero

        dW = {p: moved(p, None) for p in PARAMETERS}
        h = {0: moved("h", 0)}
        s, z = {}, {}
        for t in range(1, T + 1):
            s[t] = dW["W_xh"] * point("x", t) + dW["W_hh"] * point("h", t - 1)
            s[t] += dW["b_h"] + point("W_hh") * h[t - 1] + moved("s", t)
            slopes = point("s", t).applyfunc(point.values["dphi"])
            h[t] = sp.diag(*slopes) * s[t] + moved("h", t)
            z[t] = dW["W_hy"] * point("h", t) + dW["b_y"] + point("W_hy") * h[t]
            z[t] += moved("z", t)
        return {"s": s, "h": h, "z": z}

    def gradient(self, name, step=None, losses=None):
        """The gradient of the sum of the losses at the given steps; all by default."""
        shape = self.point(name, *([] if step is None else [step])).shape
        losses = range(1, self.point.T + 1) if losses is None else losses

        def entry(i, j):
            z = self.push(name, step, unit(shape, i, j))["z"]
            errors = ((self.point("p", t) - self.point("y", t), t) for t in losses)
            return sum((e.T * z[t])[0] for e, t in errors)

        return sp.Matrix(*shape, entry)

    def jacobian(self, name, t, of, k):
        """The Jacobian of one quantity at step t by another at step k."""
        shape = self.point(of, k).shape
        columns = [
            self.push(of, k, unit(shape, j, 0))[name][t] for j in range(shape[0])
        ]
        return sp.Matrix.hstack(*columns)


def unit(shape, i, j):
    """One in place i, j and zero elsewhere."""
    return sp.Matrix(*shape, lambda a, b: int((a, b) == (i, j)))
