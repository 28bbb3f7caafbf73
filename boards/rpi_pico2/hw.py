"""Raspberry Pi Pico 2: 4 MB of flash, 3 MB of them for files."""

from rp2_board import Board

NAME = "rpi_pico2"
CHIP = "rp2350"
LED = 25
BUTTON = 14
BUS = "i2c"


def board():
    """The board, with its sensor's bus not opened yet."""
    return Board(NAME, CHIP, LED, BUTTON, BUS)
