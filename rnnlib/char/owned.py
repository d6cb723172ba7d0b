"""A checkpoint file that one process at a time trains into."""

import os
import re
from pathlib import Path

from filelock import FileLock, Timeout

from rnnlib.training import save_checkpoint


class OwnedFile:
    """The file of a run, while the block runs: locked, and replaced by this run alone.

    A lock in a hidden file beside it keeps other processes out; the hidden file stays.
    A link is followed, so that two names of one file are one. Unfinished copies, which
    a killed process has left, are removed.

    ``step`` is that of the state in the file, as far as this process wrote or read it;
    None before.
    """

    def __init__(self, shown):
        self.shown, self.path = shown, Path(shown).resolve()
        self.step, self.failure = None, ""
        self._lock = FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=0)
        self._written = self._kept = None

    def __enter__(self):
        if not self.path.parent.is_dir():
            raise ValueError(f"{self.shown}: expected a file in a folder that exists")
        if self.path.exists() and not self.path.is_file():
            raise ValueError(f"{self.shown}: expected a file, got something else")
        if not os.access(self.path.parent, os.W_OK):
            raise PermissionError(f"{self.shown}: cannot be written: its folder")
        try:
            self._lock.acquire()
        except Timeout:
            if not os.path.exists(self._lock.lock_file):  # of another process, or none
                raise PermissionError(
                    f"{self.shown}: cannot be written: no lock can be made beside it"
                ) from None
            raise BlockingIOError(
                f"{self.shown}: another process is training into it"
            ) from None
        self._remove_unfinished()
        self._written = self._identity()
        return self

    def __exit__(self, *_):
        self._lock.release()

    def exists(self):
        """Whether there is such a file."""
        return self.path.exists()

    def save(self, state, about):
        """Write a state.

        Raises
        ------
        FileExistsError
            When another program has written the file meanwhile. It stays as it is, and
            the state is in a file of another name, which the message has.
        OSError
            When the file cannot be written; the message says what it holds.
        """
        if self._identity() not in (None, self._written):
            self._kept = self._kept or self._free_name()
            save_checkpoint(self._kept, state, about)
            self.failure = (
                f"{self.shown}: another program has written it meanwhile; step "
                f"{state.step:,} of this run is in {self._kept}"
            )
            raise FileExistsError(self.failure)
        try:
            save_checkpoint(self.path, state, about)
        except OSError as error:
            self.failure = f"{self.shown}: cannot be written: {error.strerror or error}"
            if self.step is not None:
                self.failure += f"; it holds step {self.step:,}"
            raise OSError(self.failure) from error
        self._written, self.step = self._identity(), state.step

    def interrupted(self):
        """What has to be said after an interrupt."""
        if self.failure:
            return f"interrupted: {self.failure}"
        if self.step is None:
            return f"interrupted before anything was written to {self.shown}"
        return (
            f"interrupted: {self.shown} holds step {self.step:,}; --resume goes on "
            "with it"
        )

    def _identity(self):
        """What changes when another program writes the file; None without a file."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

    def _free_name(self):
        stem, suffix, n = self.path.stem, self.path.suffix, 1
        while (path := self.path.with_name(f"{stem}-kept{n}{suffix}")).exists():
            n += 1
        return path

    def _remove_unfinished(self):
        mine = re.compile(re.escape(self.path.name) + r"\.\d+\.tmp")
        for name in os.listdir(self.path.parent):
            if mine.fullmatch(name):
                (self.path.parent / name).unlink(missing_ok=True)
