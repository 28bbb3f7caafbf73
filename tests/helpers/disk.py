"""A disk that fails: a child process whose modifying system calls fail one by one, by ptrace.

Linux on x86-64 only. A fault is one of FAULTS at the n-th call that would change something below
a folder: creating, writing, renaming, removing, truncating, syncing.
"""

import contextlib
import ctypes
import errno
import os
import platform
import signal
import sys

HERE = sys.platform == "linux" and platform.machine() == "x86_64"

# What happens at the call, and whether every later one fails too.
FAULTS = {
    "ENOSPC": (errno.ENOSPC, False),
    "EIO": (errno.EIO, False),
    "full": (errno.ENOSPC, True),  # from here on the disk takes nothing
    "dead": (errno.EIO, True),  # from here on nothing works
    "short": (None, False),  # half of what is written arrives, the rest has to be written again
    "torn": (None, True),  # half arrives, and then the disk is full
    "kill": (signal.SIGKILL, False),
}
# Number of the call -> the argument that is a path or a handle.
_WRITES = {1: 0, 18: 0, 20: 0, 296: 0}  # write, pwrite64, writev, pwritev
_HANDLES = {**_WRITES, 74: 0, 75: 0, 77: 0, 91: 0}  # fsync, fdatasync, ftruncate, fchmod
_PATHS = {82: 0, 83: 0, 84: 0, 87: 0, 90: 0, 264: 1, 316: 1, 258: 1, 263: 1, 268: 1}
_OPEN, _OPENAT = 2, 257
_TAKES_SPACE = {*_WRITES, 83, 258, _OPEN, _OPENAT}  # what a full disk refuses
_TRACEME, _CONT, _GETREGS, _SETREGS, _SYSCALL, _SETOPTIONS = 0, 7, 12, 13, 24, 0x4200
_SYSGOOD, _EXITKILL = 1, 1 << 20
_NAMES = (
    *("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx"),
    *("rsi", "rdi", "orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base"),
    *("ds", "es", "fs", "gs"),
)


class _Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in _NAMES]


def _ptrace(request, child, address=0, data=0):
    call = ctypes.CDLL(None, use_errno=True).ptrace
    call.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    call.restype = ctypes.c_long
    if call(request, child, address, data) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request}")


def run(work, folder, at=None, fault="EIO"):
    """Run work() in a child. Returns its exit code (negative: the signal that ended it) and how
    many modifying calls there were below `folder`; the `at`-th of them (from 0) fails."""
    child = os.fork()
    if not child:
        try:
            _ptrace(_TRACEME, 0)
            os.kill(os.getpid(), signal.SIGSTOP)
            os._exit(work())
        finally:
            os._exit(99)
    os.waitpid(child, 0)
    _ptrace(_SETOPTIONS, child, 0, _SYSGOOD | _EXITKILL)
    tracer = _Tracer(child, os.fsencode(folder), at, fault)
    deliver = 0
    while True:
        with contextlib.suppress(ProcessLookupError):  # it was killed
            _ptrace(_SYSCALL, child, 0, deliver)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            return os.waitstatus_to_exitcode(status), tracer.seen
        stopped = os.WSTOPSIG(status)
        deliver = 0
        if stopped == signal.SIGTRAP | 0x80:
            tracer.stop()
        elif stopped != signal.SIGTRAP:
            deliver = stopped


class _Tracer:
    def __init__(self, child, folder, at, fault):
        self.seen = 0
        self._child, self._folder, self._at, self._fault = child, folder, at, fault
        self._memory = f"/proc/{child}/mem"
        self._registers = _Registers()
        self._inside = False
        self._give = None  # what the call under way is to return

    def stop(self):
        """At a call's entry or its return."""
        self._inside = not self._inside
        if not self._inside and self._give is None:
            return
        r = self._registers
        _ptrace(_GETREGS, self._child, 0, ctypes.addressof(r))
        if not self._inside:
            r.rax = self._give & (1 << 64) - 1
            self._give = None
            _ptrace(_SETREGS, self._child, 0, ctypes.addressof(r))
        elif self._modifies(r):
            self.seen += 1
            if self._at is not None and self.seen > self._at:
                self._disturb(r, self.seen - 1 == self._at)

    def _disturb(self, r, first):
        number, stays = FAULTS[self._fault]
        if self._fault == "kill":
            os.kill(self._child, signal.SIGKILL)
        elif first and number is None:
            if r.orig_rax in _WRITES and r.orig_rax not in (20, 296):
                r.rdx = max(1, r.rdx // 2)
                _ptrace(_SETREGS, self._child, 0, ctypes.addressof(r))
        elif first or stays:
            number = number or errno.ENOSPC
            if not first and number == errno.ENOSPC and r.orig_rax not in _TAKES_SPACE:
                return
            self._give = -number
            r.orig_rax = (1 << 64) - 1  # no call at all
            _ptrace(_SETREGS, self._child, 0, ctypes.addressof(r))

    def _modifies(self, r):
        call, words = r.orig_rax, (r.rdi, r.rsi, r.rdx, r.r10)
        if call in _HANDLES:
            try:
                return self._ours(os.fsencode(os.readlink(f"/proc/{self._child}/fd/{words[0]}")))
            except OSError:
                return False
        if call in _PATHS:
            return self._ours(self._text(words[_PATHS[call]]))
        if call in (_OPEN, _OPENAT):
            at = int(call == _OPENAT)
            flags = words[at + 1]
            path = self._text(words[at])
            made = flags & os.O_CREAT and not os.path.exists(path)
            return bool(made or flags & os.O_TRUNC) and self._ours(path)
        return False

    def _ours(self, path):
        return path == self._folder or path.startswith(self._folder + b"/")

    def _text(self, address):
        with open(self._memory, "rb", buffering=0) as memory:
            memory.seek(address)
            try:
                data = memory.read(4096 - address % 4096)
                if b"\0" not in data:
                    data += memory.read(4096)
            except OSError:
                return b""
        return data.partition(b"\0")[0]
