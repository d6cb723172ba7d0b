"""Models of characters, and the command that trains one on any text.

The command is ``python -m rnnlib.char``; ``--help`` says what it does. Without a file
it trains on `default_text`, and with ``--text shakespeare`` on the plays, where the
package that ships them is installed. `fast` is the training step in as few NumPy calls
as possible.
"""

from rnnlib.char.default import default_text

__all__ = ["default_text"]
