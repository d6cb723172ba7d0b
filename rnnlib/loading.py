"""``python -m rnnlib.char`` can be interrupted while it is still being loaded.

Then it ends at once and without a traceback. The command takes Ctrl-C over when it
begins. This module is imported first of all, and imports nothing that takes time.
"""

import signal
import sys

# Python sets argv[0] to "-m" while it looks for the module that it will run.
if sys.argv[:1] == ["-m"] and "rnnlib.char" in sys.orig_argv:
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
