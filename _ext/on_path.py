"""Let the extensions import the tools and packages of the book: import this first."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
