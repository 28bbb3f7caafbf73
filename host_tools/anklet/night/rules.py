"""The rule sets of the device's core, by name."""

from anklet import device
from anklet.errors import BadInput

device.use()  # the rules are the device's own

from plmcore.rules import RULES, Rules  # noqa: E402


def rule_set(name: str) -> Rules:
    """The plmcore.rules.Rules of that name. Raises BadInput that lists the known ones."""
    if name not in RULES:
        raise BadInput(f"there is no rule set {name!r}: choose {' or '.join(sorted(RULES))}")
    return RULES[name]
