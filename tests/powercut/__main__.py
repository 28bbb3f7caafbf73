"""`make powercut`: every cut and every worn block, with figures."""

import sys

from tests import powercut

found = powercut.run(every=1, starts=3)
print(powercut.table(found))
worn = powercut.worn(every=1)
print(
    f"{worn['lives']:7}  lives: the flash wears out at each of {worn['operations']} operations\n"
    f"{worn['nights']:7}  nights whole afterwards\n"
    f"{len(worn['failed']):7}  lives after which something was wrong"
)
print(*worn["failed"][:20], sep="\n")
sys.exit(bool(found["failed"] or worn["failed"]))
