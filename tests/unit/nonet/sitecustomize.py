"""Runs first in every Python process of test_no_network: forbids the network, and says so.

NONET=web may listen on this computer's own address. Its server asks for that address' name too,
which the hosts file knows.
"""

import ipaddress
import os
import socket
import sys

LOG = os.environ["NONET_LOG"]
NAMES = ("getaddrinfo", "gethostbyname", "gethostbyaddr", "getnameinfo")
MOVES = ("connect", "bind", "sendto", "sendmsg")
OURS = "127.0.0.1"
WEB = os.environ.get("NONET") == "web"


def _say(*words: object) -> None:
    handle = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(handle, (" ".join(map(str, words)) + "\n").encode())
    os.close(handle)


def _number(host: object) -> bool:
    """Nobody is asked for the address of an address."""
    try:
        return bool(ipaddress.ip_address(str(host)))
    except ValueError:
        return False


def _allowed(name: str, args: tuple) -> bool:
    if name in MOVES:
        local = args[0].family == socket.AF_UNIX
        return local or (name == "bind" and WEB and args[1][0] == OURS)
    if name == "getaddrinfo":
        return _number(args[0])
    return name == "getnameinfo" and WEB and args[0][0] == OURS


def _hook(event: str, args: tuple) -> None:
    family, _, name = event.partition(".")
    if family == "socket" and name in (*NAMES, *MOVES) and not _allowed(name, args):
        _say("network", event, args)
        raise PermissionError(f"the network is forbidden here: {event} {args}")


_say("guarded", os.getpid(), *sys.orig_argv[1:3])
sys.addaudithook(_hook)
