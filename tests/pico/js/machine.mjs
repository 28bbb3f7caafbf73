// An RP2040 of rp2040js that runs MicroPython, for the Python process that started it.
//
// One JSON value a line, in turns. Python gives a command, [name, ...]; it is answered by lists of
// events, [name, ns, ...]. The last event of a list either asks, and Python gives the answer, or is
// "done" and ends the command. So the sensor on the I2C bus is Python's, and the simulated time of
// each of its events is exact. Standard error is for what went wrong.

import { randomFillSync } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import { ConsoleLogger, I2CMode, LogLevel, RP2040, USBCDC } from 'rp2040js';
import { Flash, QspiPins, Registers } from './flash.mjs';

const CYCLE_NS = 8; // at 125 MHz
const BATCH = 16; // instructions between two looks at the clock
const SLICE_MS = 5; // of real time, for which `run` is busy at most
const LOOKS = 64; // batches between two looks at real time
const HOST_NS = 1000; // until the host answers an endpoint that waited for it

const SDA = 4;
const SCL = 5;
const LED = 25;
const SELECT = 1; // of the QSPI pins; held low at the start it means BOOTSEL

const TX_EMPTY = 1 << 4; // of IC_RAW_INTR_STAT
const WAITS = [0x34, 0x78]; // IC_RAW_INTR_STAT and IC_RXFLR, which MicroPython polls

// -- the pipe

const chunk = Buffer.alloc(1 << 16);
let events = [];

function receive() {
  // Nobody writes before his turn: what ends with a newline is the whole of it.
  let line = '';
  do {
    const size = readSync(0, chunk);
    if (!size) process.exit(); // whoever started it has gone
    line += chunk.latin1Slice(0, size);
  } while (!line.endsWith('\n'));
  return JSON.parse(line);
}

function tell(name, ...given) {
  events.push([name, now(), ...given]);
}

function flush() {
  const line = Buffer.from(JSON.stringify(events) + '\n');
  events = [];
  for (let at = 0; at < line.length; ) at += writeSync(1, line, at);
}

function ask(name, ...given) {
  tell(name, ...given);
  flush();
  return receive();
}

// -- the machine

console.warn = () => {}; // of registers that nobody needs, as those of the second core

let given; // bootrom, id, eraseNs, programNs
let mcu; // made anew at each reset, so that nothing of the last run is left in it
let usb;
const flash = new Uint8Array(16 << 20).fill(0xff);
let began = 0; // ns of simulated time at which it was reset
let resets = false; // as soon as the instruction under way is done
let erases = 0;
const levels = { [SDA]: true, [SCL]: true }; // of what is wired to the pins

function now() {
  return mcu ? began + mcu.clock.nanos : began;
}

/** Take the chip out of reset. kept: the watchdog's registers that a reset leaves. */
function start(kept = {}) {
  began = now();
  mcu = new RP2040();
  mcu.logger = new ConsoleLogger(LogLevel.Error);
  mcu.bootrom.set(given.bootrom);
  mcu.core.reset(); // to what the boot ROM says
  mcu.flash = flash; // what is in flash outlives every reset; rp2040js empties its own
  mcu.flash16 = new Uint16Array(flash.buffer);
  mcu.flashView = new DataView(flash.buffer);
  const chip = new Flash(mcu, given.id, given, (sectors) => (erases += sectors));
  Object.assign(mcu.peripherals, {
    0x14000: new Registers(mcu, 'XIP_CTRL', { 0x00: 3, 0x04: 1, 0x08: 6 }), // flushed
    0x18000: chip,
    0x40018: new QspiPins(mcu, chip),
    0x40060: new Registers(mcu, 'ROSC', {
      0x18: 0x80001000, // stable
      get 0x1c() {
        return Math.random() < 0.5 ? 0 : 1; // from which MicroPython makes os.urandom
      },
    }),
    0x40064: new Registers(mcu, 'VREG_AND_CHIP_RESET', { 0x00: 0x10b1, 0x08: 0x100 }), // power-on
  });
  mcu.qspi[SELECT].padValue = 0x5a; // read and pulled up
  mcu.qspi[SELECT].setInputValue(true);
  const watchdog = mcu.peripherals[0x40058];
  Object.assign(watchdog, kept);
  watchdog.onWatchdogTrigger = () => {
    resets = true;
    watchdog.alarm.enable = false; // else it would fire again at once, for ever
  };
  for (const pin in levels) mcu.gpio[pin].setInputValue(levels[pin]);
  usb = new Usb();
  wire(mcu.i2c[0]);
}

function reset() {
  const { scratchData, reason } = mcu.peripherals[0x40058];
  const { sram } = mcu;
  start({ scratchData, reason });
  mcu.sram.set(sram);
  resets = false;
}

/** Execute until `untilNs`, and for some milliseconds of real time at most. */
function run(untilNs) {
  const deadline = performance.now() + SLICE_MS;
  for (let n = 1; now() < untilNs; n++) {
    const { core, clock } = mcu;
    const end = untilNs - began;
    const due = Math.min(clock.nextAlarm ? clock.nextAlarm.nanos : Infinity, end) - clock.nanos;
    if (core.waiting) clock.tick(due);
    else {
      let ns = 0;
      for (let i = 0; i < BATCH && ns < due && !core.waiting; i++) ns += core.executeInstruction() * CYCLE_NS;
      clock.tick(ns);
    }
    if (resets) reset();
    if (n % LOOKS === 0 && performance.now() > deadline) break;
  }
}

/** The computer's end of the USB cable. */
class Usb {
  constructor() {
    const controller = mcu.usbCtrl;
    const cdc = new USBCDC(controller);
    cdc.onSerialData = (data) => tell('usb', Buffer.from(data).toString('base64'));
    this.waiting = [];
    this.armed = 0;
    this.alarm = mcu.clock.createAlarm(() => {
      const size = this.armed;
      this.armed = 0;
      if (size) controller.endpointReadDone(cdc.outEndpoint, Uint8Array.from(this.waiting.splice(0, size)));
    });
    // A host sends nothing when it has nothing. The emulator would answer each armed endpoint with
    // an empty packet at once, and the firmware would handle packets for ever.
    const read = controller.onEndpointRead;
    controller.onEndpointRead = (endpoint, size) => {
      if (endpoint !== cdc.outEndpoint) return read(endpoint, size);
      this.armed = size;
      this.send([]);
    };
  }

  send(data) {
    for (const byte of data) this.waiting.push(byte);
    if (this.armed && this.waiting.length) this.alarm.schedule(HOST_NS);
  }
}

/** The sensor on the bus: what it does is Python's, the time that the bus takes is here. */
function wire(i2c) {
  const { clock } = mcu;
  let then = null;
  let dueNs = 0;
  let ahead = []; // bytes that can be read without asking
  const alarm = clock.createAlarm(() => {
    const next = then;
    then = null;
    next?.();
  });
  const after = (bits, next) => {
    const ns = bits * (i2c.sclHighPeriod + i2c.sclLowPeriod) * CYCLE_NS;
    then = next;
    dueNs = clock.nanos + ns;
    alarm.schedule(ns);
  };
  i2c.onStart = () => after(1, () => i2c.completeStart());
  i2c.onStop = () => after(1, () => i2c.completeStop());
  i2c.onConnect = (address, mode) => {
    ahead = [];
    const ack = ask('connect', address, mode === I2CMode.Read);
    after(9, () => {
      i2c.completeConnect(ack);
      // The abort empties the TX FIFO, and the chip says so; the emulator does not.
      if (!ack) i2c.setInterrupts(TX_EMPTY);
    });
  };
  i2c.onWriteByte = (value) => {
    tell('write', value);
    after(9, () => i2c.completeWrite(true));
  };
  i2c.onReadByte = () => {
    if (ahead.length) tell('skip');
    else ahead = ask('read');
    const value = ahead.shift();
    after(9, () => i2c.completeRead(value));
  };
  // MicroPython waits for each byte by reading registers: let it see the end of the phase at once,
  // in the time that it takes.
  const read = i2c.readUint32.bind(i2c);
  i2c.readUint32 = (offset) => {
    if (then && WAITS.includes(offset)) clock.tick(dueNs - clock.nanos);
    return read(offset);
  };
  // The bus as plain pins, open-drain: 0 when the chip drives it low, else it follows the pull-up.
  const { [SDA]: sda, [SCL]: scl } = mcu.gpio;
  for (const pin of [sda, scl])
    pin.addListener(() => sda.setInputValue((levels[SDA] = ask('edge', sda.value !== 0, scl.value !== 0))));
}

const commands = {
  start(settings) {
    given = settings;
    flash.set(Buffer.from(given.flash, 'base64'));
    start();
  },
  run,
  send: (data) => usb.send(Buffer.from(data, 'base64')),
  pin(pin, level) {
    levels[pin] = level;
    mcu.gpio[pin].setInputValue(level);
  },
  power() {
    start();
    randomFillSync(mcu.sram);
  },
  flash: (size) => tell('flash', Buffer.from(flash.buffer, 0, size).toString('base64')),
};

for (;;) {
  const [name, ...arguments_] = receive();
  commands[name](...arguments_);
  tell('done', erases, mcu.gpio[LED].value === 1);
  flush();
}
