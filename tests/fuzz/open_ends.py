"""Functions that do not yet answer every wrong argument clearly.

Their answers are tried, and are an expected failure as long as one is unclear: an
overflow that NumPy warns of, or an error of Python or NumPy that names no argument.
Right arguments of any layout are held to the same demands as everywhere.
"""

OPEN = set()
