"""The environment variables under which chapters and tests run.

One thread per process makes timings comparable and floating-point sums
reproducible; private configuration directories keep a reader's own IPython and
Jupyter settings, and kernels installed elsewhere, out of the results. Kernels print a
figure with a digest of what it plots.
"""

import os
import sys
from pathlib import Path

PROFILE = """\
c.IPKernelApp.log_level = "ERROR"
c.HistoryManager.enabled = False
c.InteractiveShellApp.extensions = ["rnnbook.page.plotted"]
"""
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def isolate():
    """Set the variables in this process; child processes inherit them."""
    private = Path(sys.prefix) / "private"
    profile = private / "ipython" / "profile_default" / "ipython_kernel_config.py"
    if not profile.exists() or profile.read_text() != PROFILE:
        profile.parent.mkdir(parents=True, exist_ok=True)
        profile.write_text(PROFILE)
    for name in THREADS:
        os.environ[name] = "1"
    os.environ.setdefault("PYTHONHASHSEED", "0")
    os.environ["IPYTHONDIR"] = str(private / "ipython")
    os.environ["JUPYTER_CONFIG_DIR"] = str(private / "jupyter")
    os.environ["JUPYTER_DATA_DIR"] = str(private / "jupyter-data")
    os.environ["JUPYTER_NO_CONFIG"] = "1"
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    os.environ["JUPYTER_PLATFORM_DIRS"] = "1"
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    # MPLBACKEND would override the kernel's inline PNG figures.
    for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "MPLBACKEND", "PYTHONPATH"):
        os.environ.pop(name, None)


if __name__ == "__main__":
    isolate()
