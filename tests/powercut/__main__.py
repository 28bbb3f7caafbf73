"""`make powercut`: every cut, with figures."""

import sys

from tests import powercut

found = powercut.run(every=1, starts=3)
print(powercut.table(found))
sys.exit(bool(found["failed"]))
