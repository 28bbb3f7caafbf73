"""The names that viper code needs, for interpreters that have no viper.

MicroPython compiles functions marked `@micropython.viper` to machine code and knows `ptr8`,
`ptr16` and `ptr32` there. CPython runs the same source as plain Python: there the decorator does
nothing and a pointer is the array itself.

Rules for viper code in this package, so that every runtime gives the same bits:
- All values stay under 2**30 in size (31-bit small ints, 32-bit registers on the RP2040).
- MicroPython for 64-bit computers reads a `ptr32` without its sign. Arrays read through `ptr32`
  therefore never hold a negative number: signed state is stored with BIAS added.
- No division. `>>` of a negative number rounds down everywhere.
"""

import sys

# Not by trying the import: Blinka brings a CPython module named micropython.
MICROPYTHON = sys.implementation.name == "micropython"

if MICROPYTHON:
    import micropython

    const = micropython.const  # pyright: ignore[reportAssignmentType]
else:

    def const(x):
        return x

    def ptr(array):
        return array

    class Stand:
        """Stands in for MicroPython's module."""

        @staticmethod
        def viper(function):
            return function

        native = viper

    micropython = Stand
    ptr8 = ptr16 = ptr32 = ptr
