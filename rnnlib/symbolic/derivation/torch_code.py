"""The generated source as a ``torch.autograd.Function``: NumPy computes, on the CPU.

The text is the NumPy source with a class and a function behind it. PyTorch hands the
tensors over, and asks for the derivatives that were derived here in place of its own.
"""

from rnnlib.symbolic.derivation.code_text import Writer
from rnnlib.symbolic.derivation.numpy_code import NumPySource

IMPORTS = """\
import numpy as np
import torch
from torch.autograd.function import once_differentiable
"""
HELPERS = '''

def array(a):
    """A tensor as an array; None stays None."""
    return None if a is None else a.detach().numpy()


def tensor(a):
    """An array, or a number, as a tensor of its own."""
    return torch.tensor(a)


class Layer(torch.autograd.Function):
    """The layer for PyTorch: NumPy computes, on the CPU."""

'''


def torch_source(plan, names, equations):
    """The text of the module."""
    source = NumPySource(plan, names, equations)
    text = source.source().replace("import numpy as np\n", IMPORTS)
    return text + HELPERS + "\n".join(_TorchWriter(source).lines()) + "\n"


class _TorchWriter:
    def __init__(self, source):
        self.inputs = [source.variable(n) for n in source.program.inputs]
        self.states = [source.variable(n) for n in source.states]
        self.loss = source.recursion.loss is not None

    def lines(self):
        """The two methods of the class, and the function that a reader calls."""
        w = Writer(depth=1)
        self.forward(w)
        w.line()
        self.backward(w)
        w.depth = 0
        w.line()
        w.line()
        self.layer(w)
        return w.lines

    def forward(self, w):
        w.line("@staticmethod")
        w.call(
            "def forward(", ["ctx", "mask", *self.inputs, *self.states, "*params"], "):"
        )
        w.depth += 1
        w.line("ctx.params = Params(*map(array, params))")
        passed = ["ctx.params", *(f"array({x})" for x in self.inputs)]
        if self.states:
            first, whole = self.states[0], f"array({self.states[0]})"
            if len(self.states) > 1:
                w.call("given = (", self.states)
                whole = "State(*map(array, given))"
            w.set("state", f"None if {first} is None else {whole}")
            passed.append("state")
        w.call("ctx.trace = forward(", [*passed, "mask=array(mask)"])
        w.line(f"return {self.results()}")
        w.depth -= 1

    def results(self):
        if self.loss:
            return "tensor(ctx.trace.loss)"
        parts = ["tensor(ctx.trace.output)"]
        if len(self.states) == 1:
            parts.append("tensor(ctx.trace.state)")
        elif self.states:
            parts.append("*map(tensor, ctx.trace.state)")
        return ", ".join(parts)

    def backward(self, w):
        w.line("@staticmethod")
        w.line("@once_differentiable")
        given = ["d_loss"] if self.loss else ["d_output"]
        passed = ["ctx.params", "ctx.trace"]
        if not self.loss:
            passed.append("array(d_output)")
            if len(self.states) == 1:
                given.append("d_state")
                passed.append("array(d_state)")
            elif self.states:
                given.append("*d_state")
                passed.append("State(*map(array, d_state))")
        w.call("def backward(", ["ctx", *given], "):")
        w.depth += 1
        w.call("found = backward(", passed)
        parts = ["None", "found.x" if len(self.inputs) == 1 else "*found.x"]
        if self.states:
            parts.append("found.state" if len(self.states) == 1 else "*found.state")
        w.set("parts", f"({', '.join([*parts, '*found.params'])})")
        w.line("needed = zip(ctx.needs_input_grad, parts, strict=True)")
        one = "d_loss * tensor(a)" if self.loss else "tensor(a)"
        w.line(f"return tuple({one} if need else None for need, a in needed)")
        w.depth -= 1

    def layer(self, w):
        ends = ["state=None"] if self.states else []
        w.call("def layer(", ["params", *self.inputs, *ends, "mask=None"], "):")
        w.depth += 1
        what = "the loss of all steps" if self.loss else "the output of every step"
        more = ", and the state at the end" if self.states and not self.loss else ""
        w.line(f'"""For tensors: {what}{more}."""')
        given = []
        if len(self.states) == 1:
            given = ["state"]
        elif self.states:
            w.line("if state is None:")
            w.line(f"    state = ({', '.join(['None'] * len(self.states))})")
            given = ["*state"]
        call = ["mask", *self.inputs, *given, "*params"]
        if self.loss or len(self.states) < 2:
            w.call("return Layer.apply(", call)
        else:
            w.call("output, *last = Layer.apply(", call)
            w.line("return output, State(*last)")
