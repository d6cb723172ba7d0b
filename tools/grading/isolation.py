"""What a student's process is kept from: time, memory, files, network, children.

This is a fence for code that goes wrong, and for pranks; it is not a prison. On Linux
files can be written in the temporary folder alone (Landlock), the network is cut where
user namespaces are allowed, and what is left running is ended. `fences` says which of
these hold here.
"""

import ctypes
import os
import resource
import signal
import sys

SECONDS, MEMORY, FILES, PROCESSES = 20, 2 * 2**30, 50 * 2**20, 64
NO_NEW_PRIVILEGES, SUBREAPER = 38, 36
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
CREATE, ADD, RESTRICT = 444, 445, 446  # system calls of Landlock
WRITING = 0b1_1111_1111_0010  # of the first version, without reading and execution


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def limit(seconds=SECONDS):
    """Limits on time, memory, the size of files and the number of processes."""
    for what, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    if os.getuid():  # for root the number counts all of root's processes
        resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES * 8, PROCESSES * 8))


def cut_network():
    """A network of its own, without any interface; False where it is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0


def write_only_in(folder):
    """Let this process write beneath a folder alone; False where that cannot be."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    handled = ctypes.c_uint64(WRITING)
    ruleset = libc.syscall(CREATE, ctypes.byref(handled), ctypes.c_size_t(8), 0)
    if ruleset < 0:
        return False
    for path in (folder, "/dev/null"):
        fd = os.open(path, os.O_PATH)
        allowed = WRITING if path == folder else 0b10
        rule = _Beneath(allowed, fd)
        done = libc.syscall(ADD, ruleset, 1, ctypes.byref(rule), 0)
        os.close(fd)
        if done < 0:
            return False
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    done = libc.syscall(RESTRICT, ruleset, 0) == 0
    os.close(ruleset)
    return done


def adopt_orphans():
    """Make this process the parent of what its children leave running."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)


def children(pid):
    """The processes that have this parent; from /proc."""
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if name.isdigit() and int(fields[1]) == pid:
            found.append(int(name))
    return found


def end(pid, spared):
    """End the descendants of a process, but not those spared, until none is left."""
    for _ in range(20):
        left = [c for c in children(pid) if c not in spared]
        if not left:
            return
        for child in left:
            end(child, ())
            try:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            except (ProcessLookupError, ChildProcessError, PermissionError):
                continue
