// The ticks of the part of an axis that a chart was zoomed to, each a place and a label; as plot.py
// makes those of the whole, where the steps are explained.
"use strict";

const DAY = 86400000;
const [MOST_NUMBERS, MOST_DATES] = [6, 5];
const LESS = 1 - 1e-9;
const LANGUAGE = document.documentElement.lang;
const [COMMA, POINT] = LANGUAGE === "de" ? [",", "."] : [".", ""]; // of a number, of a day

function numberTicks(low, high) {
  const least = (high - low) / MOST_NUMBERS;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((factor) => power * factor).find((each) => each > least * LESS);
  const ticks = [];
  for (let n = Math.ceil(low / step); n <= Math.floor(high / step / LESS); n++) {
    ticks.push([n * step, String(Number((n * step).toPrecision(6))).replace(".", COMMA)]);
  }
  return ticks;
}

function dateTicks(first, last) {
  let places = [];
  for (const step of [1, 2, 7, 14]) {
    places = [];
    for (let at = 4 + Math.ceil((first - 4) / step) * step; at <= last; at += step) places.push(at);
    if (places.length <= MOST_DATES) break;
  }
  for (const step of [1, 2, 3, 6, 12, 24, 36, 60]) {
    if (places.length <= MOST_DATES) break;
    const begin = new Date(first * DAY);
    places = [];
    let month = Math.floor((begin.getUTCFullYear() * 12 + begin.getUTCMonth()) / step) * step;
    for (; ; month += step) {
      const at = Date.UTC(Math.floor(month / 12), month % 12) / DAY;
      if (at > last) break;
      if (at >= first) places.push(at);
    }
  }
  let before = 0;
  return places.map((at) => {
    const date = new Date(at * DAY);
    const name = date.toLocaleDateString(LANGUAGE, { month: "short", timeZone: "UTC" });
    const year = date.getUTCFullYear();
    const label = `${date.getUTCDate()}${POINT} ${name}${year === before ? "" : `\n${year}`}`;
    before = year;
    return [at, label];
  });
}
