"""A constant with an underscore is known to its file alone, as on a board it stands in no memory:
where two files need the same number, both say it, and here both are held together."""

import pytest
from plmcore import detector, kernel

NAMES = "BLOCK LONG N SLOT LONG_SUM OPEN FINES KEPT TAKEN LM_ENDED BLOCK_ENDED"


@pytest.mark.parametrize("name", NAMES.split())
def test_the_detector_knows_the_kernel(name):
    assert getattr(detector, "_" + name) == getattr(kernel, name)
