"""Raspberry Pi Pico: 2 MB of flash, 1.4 MB of them for files."""

from rp2_board import Board

NAME = "rpi_pico"
CHIP = "rp2040"
LED = 25
BUTTON = 14
BUS = "i2c"


def board():
    """The board, with its sensor's bus not opened yet."""
    return Board(NAME, CHIP, LED, BUTTON, BUS)
