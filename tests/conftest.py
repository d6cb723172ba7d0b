"""Settings for every test: a clean environment and reproducible examples."""

from hypothesis import settings

from tools.environment import isolate

isolate()
settings.register_profile("book", derandomize=True, deadline=None)
settings.load_profile("book")
