"""Pimoroni Pico LiPo with 16 MB of flash, nearly all for files, and a battery on its connector."""

from rp2_board import Board

NAME = "pimoroni_picolipo_16mb"
CHIP = "rp2040"
LED = 25
BUTTON = 23  # its own, marked BOOT: held at power-up it starts the boot loader
BUS = "i2c"
BATTERY = (29, 3)  # ADC pin, and by what the voltage is divided


def board():
    """The board, with its sensor's bus not opened yet."""
    return Board(NAME, CHIP, LED, BUTTON, BUS, battery=BATTERY)
