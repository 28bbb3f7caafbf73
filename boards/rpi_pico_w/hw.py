"""Raspberry Pi Pico W: 2 MB of flash, 0.8 MB of them for files."""

from rp2_board import Board

NAME = "rpi_pico_w"
CHIP = "rp2040"
LED = "LED"  # on the wireless chip, which is switched off after five minutes
BUTTON = 14
BUS = "i2c"


def board():
    """The board, with its sensor's bus not opened yet."""
    return Board(NAME, CHIP, LED, BUTTON, BUS)
