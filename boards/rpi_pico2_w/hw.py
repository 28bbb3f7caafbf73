"""Raspberry Pi Pico 2 W: 4 MB of flash, 2.5 MB of them for files."""

from rp2_board import Board

NAME = "rpi_pico2_w"
CHIP = "rp2350"
LED = "LED"  # on the wireless chip, which is switched off after five minutes
BUTTON = 14
BUS = "i2c"


def board():
    """The board, with its sensor's bus not opened yet."""
    return Board(NAME, CHIP, LED, BUTTON, BUS)
