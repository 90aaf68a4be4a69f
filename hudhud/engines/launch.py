"""Start a program so that it cannot outlive its starter: `python launch.py SIGNAL PARENT_PID USER -- PROGRAM ARG…`.

Run as a script by `process.spawn`, it becomes the program (exec). Before that it asks the kernel to send SIGNAL when the
starter dies, even by SIGKILL, and, when started as root with a USER, it becomes that user. PostgreSQL refuses to run as root; the
user keeps one capability, CAP_DAC_OVERRIDE, so that no folder above the data directory has to be opened to others.
Standard library only: it runs before anything of ours is importable.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 4
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Caps(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def become(name: str) -> None:
    """Drop from root to the user `name`, keeping the right to pass through folders."""
    user = pwd.getpwnam(name)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    # Without it access(2), by which initdb looks for its programs, would ignore the capability.
    libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([user.pw_gid])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    bit = 1 << CAP_DAC_OVERRIDE
    caps = (_Caps * 2)(_Caps(bit, bit, bit), _Caps(0, 0, 0))
    # A container may have taken the capability away; then the folders must be open by themselves.
    if libc.capset(ctypes.byref(_Header(CAPABILITY_VERSION_3, 0)), ctypes.byref(caps)) == 0:
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)
    os.environ["HOME"] = user.pw_dir


def main(arguments: list[str]) -> None:
    """Change the user, set the death signal, become the program."""
    death, parent, user, _separator, *program = arguments
    # The supervisor waits for its signals with all of them blocked; a child must not inherit that.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if user and os.geteuid() == 0:
        become(user)
    if sys.platform == "linux":
        # After the change of user: the kernel forgets the death signal when credentials change.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death), 0, 0, 0)
        if os.getppid() != int(parent):
            os.kill(os.getpid(), signal.SIGKILL)
    os.execvp(program[0], program)  # noqa: S606 -- becoming the program is the purpose


if __name__ == "__main__":
    main(sys.argv[1:])
