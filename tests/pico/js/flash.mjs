// The RP2040's side of its flash chip, as far as MicroPython and the boot ROM use it.
//
// rp2040js reads flash as memory and has no chip behind it. Here are the serial commands of a
// W25Q16 (datasheet 8.2), in the time that they take. The chip select frames them: the boot ROM
// drives it by the override of a QSPI pin (RP2040 datasheet 2.19.6), the second stage of the boot
// leaves it to the SSI (4.10), which ends a frame when there is nothing more to send.

import { BasePeripheral } from 'rp2040js';

const PROGRAM = 0x02;
const READ = 0x03;
const WRITE_DISABLE = 0x04;
const STATUS_1 = 0x05;
const WRITE_ENABLE = 0x06;
const ERASE_SECTOR = 0x20;
const STATUS_2 = 0x35;
const UNIQUE_ID = 0x4b;
const JEDEC_ID = 0x9f;
const ERASE_BLOCK = 0xd8;

const SECTOR = 4096;
const BLOCK = 16 * SECTOR;
const PAGE = 256;
const JEDEC = [0xef, 0x40, 0x15];
const WRITES = 1 << 1; // of status register 1: the write enable latch
const QUAD = 1 << 1; // of status register 2: quad mode is on

// Registers of the SSI (RP2040 datasheet 4.10.13).
const SSIENR = 0x08;
const RXFLR = 0x24;
const TXFLR = 0x20;
const SR = 0x28;
const DR0 = 0x60;
const SELECT = 0x0c; // GPIO_QSPI_SS_CTRL; its output override:
const BY_SSI = 0;
const HIGH = 3;
const SENT = 0x06; // of SR: the transmit FIFO is empty, and not full
const RECEIVED = 0x08; // of SR: the receive FIFO is not empty

/** A block that answers what was written to it last, or what `reset` says. */
export class Registers extends BasePeripheral {
  constructor(mcu, name, reset = {}) {
    super(mcu, name);
    this.reset = reset;
    this.written = {};
  }

  readUint32(offset) {
    return this.written[offset] ?? this.reset[offset] ?? 0;
  }

  writeUint32(offset, value) {
    this.written[offset] = value;
  }
}

/** The pins' functions; the flash hears how its select is driven. */
export class QspiPins extends Registers {
  constructor(mcu, flash) {
    super(mcu, 'IO_QSPI');
    this.flash = flash;
  }

  writeUint32(offset, value) {
    super.writeUint32(offset, value);
    if (offset === SELECT) this.flash.select((value >> 8) & 3);
  }
}

export class Flash extends Registers {
  /** id: 8 bytes. times: ns of a sector's erase and of a page's program. onErase: counts sectors. */
  constructor(mcu, id, { eraseNs, programNs }, onErase) {
    super(mcu, 'SSI');
    Object.assign(this, { id, eraseNs, programNs, onErase });
    this.writable = false;
    this.override = BY_SSI;
    this.sent = [];
    this.received = [];
  }

  readUint32(offset) {
    switch (offset) {
      case DR0:
        return this.received.shift() ?? 0;
      case RXFLR:
        return this.received.length;
      case TXFLR:
        return 0;
      case SR:
        if (this.override === BY_SSI) this.end();
        return SENT | (this.received.length ? RECEIVED : 0);
    }
    return super.readUint32(offset);
  }

  writeUint32(offset, value) {
    if (offset !== DR0) super.writeUint32(offset, value);
    // Without its select the chip hears nothing, but the bytes that are shifted in count.
    else if (this.written[SSIENR]) this.received.push(this.override === HIGH ? 0xff : this.shift(value & 0xff));
  }

  select(override) {
    if (override === this.override) return;
    this.override = override;
    this.end();
    if (override !== HIGH) this.received = [];
  }

  end() {
    if (this.sent.length) this.apply();
    this.sent = [];
  }

  /** Take one byte of a command; the byte that the chip gives meanwhile. */
  shift(byte) {
    const at = this.sent.push(byte) - 1;
    const command = this.sent[0];
    if (command === WRITE_ENABLE) this.writable = true;
    if (command === WRITE_DISABLE) this.writable = false;
    if (at === 0) return 0xff;
    switch (command) {
      case STATUS_1:
        return this.writable ? WRITES : 0;
      case STATUS_2:
        return QUAD;
      case JEDEC_ID:
        return JEDEC[at - 1] ?? 0;
      case UNIQUE_ID: // four bytes without meaning come first
        return this.id[at - 5] ?? 0xff;
      case READ:
        return at < 4 ? 0xff : this.rp2040.flash[this.address() + at - 4];
    }
    return 0xff;
  }

  address() {
    const [, high, middle, low] = this.sent;
    return (high << 16) | (middle << 8) | low;
  }

  /** An erase or a program begins when the select is taken away. */
  apply() {
    const { flash, clock } = this.rp2040;
    const [command] = this.sent;
    const size = { [ERASE_SECTOR]: SECTOR, [ERASE_BLOCK]: BLOCK }[command];
    if (this.sent.length < 4 || !(size || command === PROGRAM)) return;
    const start = this.address();
    if (size && this.writable) {
      const first = start & -size;
      flash.fill(0xff, first, first + size);
      this.onErase(size / SECTOR);
      clock.tick(this.eraseNs * (size === BLOCK ? 3.3 : 1));
    } else if (this.writable) {
      // Programming clears bits and sets none.
      this.sent.slice(4, 4 + PAGE).forEach((byte, at) => (flash[start + at] &= byte));
      clock.tick(this.programNs);
    }
    this.writable = false;
  }
}
