"""Errors for people: one sentence that says what is wrong and what to do next."""


class AnkletError(Exception):
    """A failure that the person at the terminal can do something about."""

    exit_code = 1


class BadInput(AnkletError):
    """Bad usage, or a file or value that can't be used."""

    exit_code = 2


class NoBoard(AnkletError):
    """No board found, or the named port does not exist."""

    exit_code = 3


class SeveralBoards(AnkletError):
    """More than one board is plugged in and none was chosen."""

    exit_code = 4


class PortBusy(AnkletError):
    """Another program holds the port, or there is no permission to open it."""

    exit_code = 5


class NotVerified(AnkletError):
    """What arrived is not what the board has. Nothing was removed."""

    exit_code = 6


class BoardFault(NotVerified):
    """The board itself failed at a task; others may work."""


class NoFirmware(AnkletError):
    """A board answers, but Anklet's firmware is not on it."""

    exit_code = 7


class ArchiveUnwritable(AnkletError):
    """The archive can't be written."""

    exit_code = 8


class SomeFailed(AnkletError):
    """The work is done, but for some nights that could not be scored."""

    exit_code = 9
