"""The program `anklet`: Ctrl-C ends it without a word for as long as no command runs."""

import signal
import sys


def main() -> int:
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from anklet import cli  # noqa: PLC0415 - it takes a while

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
