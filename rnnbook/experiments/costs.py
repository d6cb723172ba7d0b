"""What a call costs, counted: multiplications in matrix products, and peak memory."""

import tracemalloc

import numpy as np


class Counting(np.ndarray):
    """An array that counts the multiplications of the matrix products it takes part in.

    Only those of ``@`` and ``np.matmul``, in one count for all arrays.
    """

    count = 0

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        plain = [np.asarray(a) for a in inputs]
        if out is not None:
            options["out"] = tuple(np.asarray(a) for a in out)
        result = getattr(ufunc, method)(*plain, **options)
        if ufunc is np.matmul:
            Counting.count += result.size * plain[0].shape[-1]
        return result.view(Counting) if isinstance(result, np.ndarray) else result


def counted(value):
    """The same arrays, as arrays that count; of a named tuple, those in it."""
    if isinstance(value, np.ndarray):
        return value.view(Counting)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(counted, value))
    return value


def multiplications(function, *args):
    """Multiplications in the matrix products of one call on arrays that count.

    A product of two arrays that the function made without these is not seen: it has to
    make them `counted` itself.
    """
    Counting.count = 0
    function(*map(counted, args))
    return Counting.count


def peak_memory(function, *args, **options):
    """The most bytes in use at once during a call, beyond those in use before."""
    tracemalloc.start()
    try:
        function(*args, **options)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
