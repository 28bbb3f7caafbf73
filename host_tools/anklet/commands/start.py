"""`anklet` without a command: how things stand, and the next step. Completion for the shell."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse
import sys
import textwrap

from anklet.commands import Command

SHELLS = ("bash", "zsh", "tcsh")
NEXT = """Next: anklet sync fetches new nights; anklet web shows everything as pages.
anklet --help lists all commands."""


def add_completion(command: Command, parser: argparse.ArgumentParser) -> None:
    """parser: the whole of it, which the shell is to know."""

    def completion(args: argparse.Namespace) -> None:
        import shtab

        print(shtab.complete(parser, shell=args.shell))

    sub = command("completion", completion, "completes commands and options in your shell", False)
    sub.description = (
        "Prints what makes the shell complete anklet's commands and options. For bash: anklet "
        "completion bash > ~/.local/share/bash-completion/completions/anklet"
    )
    sub.add_argument("shell", choices=SHELLS)


def show(args: argparse.Namespace) -> None:
    """Print how things stand and the next step; on a terminal, offer the pages."""
    from anklet.archive.store import Archive, home
    from anklet.commands import screen
    from anklet.report.lately import lately

    archive = Archive(home())
    labels = sorted({item["label"] for item in archive.sessions()})
    for label in labels or [None]:
        now = lately(archive, label)
        lines = [f"{label}:"] if len(labels) > 1 else []
        for last in now.last:
            lines += [last.said, last.before.said]
        if now.task:
            lines.append(f"Tonight: {now.task.said}.")
        lines += now.attention
        print("\n".join(textwrap.fill(line, screen() or 79) for line in lines))
    if not labels:
        print(
            "No nights yet. With a board plugged in, anklet doctor checks it and anklet sync\n"
            "fetches its nights; anklet install sets up a new one."
        )
    print(f"\n{NEXT}")
    if sys.stdin.isatty() and sys.stdout.isatty() and _agreed():
        from anklet.web.server import serve

        serve(home())


def _agreed() -> bool:
    try:
        return input("\nOpen the pages in your browser now? [y/N] ").strip().lower() in (
            "y",
            "yes",
        )
    except EOFError:
        return False
