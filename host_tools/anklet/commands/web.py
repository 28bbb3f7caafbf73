"""anklet web: everything as pages in the browser."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse

from anklet.commands import Command
from anklet.errors import BadInput


def add(command: Command) -> None:
    sub = command("web", _web, "nights, journal and boards as pages in your browser", False)
    sub.description = (
        "Opens the pages in your browser, for you alone: the server listens on this computer's "
        "own address 127.0.0.1 only, and the address holds a random token. Ctrl-C ends it."
    )
    sub.add_argument("--no-open", action="store_true", help="print the address only")
    sub.add_argument(
        "--install-shortcut", action="store_true", help="put Anklet into your computer's menu"
    )
    sub.add_argument(
        "--phone",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="the journal on your phone too, with a PIN, over the home network, unencrypted: "
        "whoever is in that network can read along; ADDRESS: this computer's, if it has several",
    )
    sub.add_argument("--port", type=int, default=0, help="of the address; else a free one")


def _web(args: argparse.Namespace) -> None:
    if not 0 <= args.port <= 65535:
        raise BadInput("--port has to be a number from 1 to 65535.")
    if args.install_shortcut:
        from anklet.web import shortcut

        print(f"Anklet is in your computer's menu now: {shortcut.install()}")
        return
    from anklet.archive.store import home
    from anklet.web.server import serve

    phone = None
    if args.phone is not None:
        from anklet.web.phone import home_address

        phone = home_address(args.phone)
    serve(home(), args.port, not args.no_open, phone)
