// What a chart can do beyond the picture that it is without script: words beside the pointer, and
// zoom. svg.py draws it; all places there are shares of the plot, so a chart zooms by stretching
// what holds its marks.
const root = document.documentElement;
const MINUTE = 60000;
const MANY = 500; // marks in sight that can still be told apart
const NEAR = 14; // px from a mark at which it is meant
const DRAG = 6; // px that are no click any more
const [GLYPH, PAPER_GLYPH, MARGIN] = [6, 4.2, 3]; // px of a character in a bar, beside the text

const tip = document.body.appendChild(document.createElement("div"));
tip.className = "tip";
tip.setAttribute("role", "status");
tip.hidden = true;
addEventListener("pointerdown", () => (tip.hidden = true), { capture: true });

const share = (node, name) => parseFloat(node.getAttribute(name) ?? "0") / 100;
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

class Chart {
  constructor(node) {
    const { low, high, from, to, zoom, snap } = node.dataset;
    this.node = node;
    this.plots = [...node.querySelectorAll(".plot")];
    this.low = Number(low);
    this.high = Number(high);
    this.home = this.view = [Number(from), Number(to)];
    this.tall = this.whole = [0, 1]; // the part of the height that is seen
    this.kind = zoom;
    this.snap = Number(snap ?? 0);
    this.texts = [...node.querySelectorAll("rect + text")].map((text) => ({
      node: text,
      shown: text.getAttribute("display") !== "none",
      length: text.textContent.length,
      room: share(text.previousSibling, "width"),
    }));
    // The browser's own hover texts would come a second time.
    this.marks = [...node.querySelectorAll("title")].map((title) => {
      const mark = title.parentNode;
      const [x, y] = [share(mark, "x"), share(mark, "y")];
      const bar = mark.nodeName === "rect";
      title.remove();
      return {
        bar,
        plot: this.plots.indexOf(mark.closest(".plot")),
        text: title.textContent,
        x: [x, x + (bar ? share(mark, "width") : 0)],
        y: [y, y + (bar ? share(mark, "height") : 0)],
      };
    });
    const traced = node.parentNode.querySelector("script");
    if (traced) {
      this.trace = JSON.parse(traced.textContent);
      this.path = node.querySelector(".movement path");
      this.coarse = this.path.getAttribute("d");
    }
    node.addEventListener("pointerdown", (event) => this.press(event));
    node.addEventListener("pointermove", (event) => this.move(event));
    node.addEventListener("pointerup", (event) => this.release(event));
    node.addEventListener("pointercancel", () => this.drop());
    node.addEventListener("pointerleave", ({ pointerType }) => {
      if (pointerType === "mouse") tip.hidden = true; // a finger always leaves
    });
    node.addEventListener("dblclick", () => this.kind && this.zoom(this.home));
    node.addEventListener("keydown", (event) => this.walk(event));
    node.addEventListener("blur", () => (tip.hidden = true));
    node.tabIndex = 0;
    this.fit();
  }

  // Show this part of the x axis, and of the height.
  zoom(view, tall = this.whole) {
    this.view = view;
    this.tall = tall;
    this.node.classList.toggle("zoomed", tall !== this.whole);
    const [x, width] = this.stretched(this.shares());
    const [y, height] = this.stretched(tall);
    for (const plot of this.plots) {
      const data = plot.querySelector(".data");
      for (const [name, value] of Object.entries({ x, width, y, height })) {
        data.setAttribute(name, value);
      }
      const rows = plot.querySelector(".rows > svg");
      rows.setAttribute("y", y);
      rows.setAttribute("height", height);
    }
    this.label();
    this.fit();
    this.draw();
  }

  stretched([a, b]) {
    return [`${(-100 * a) / (b - a)}%`, `${100 / (b - a)}%`];
  }

  shares() {
    return this.view.map((value) => (value - this.low) / (this.high - this.low));
  }

  label() {
    const [begin, end] = this.view;
    const ticks = (this.kind === "date" ? dateTicks : numberTicks)(begin, end);
    for (const group of this.node.querySelectorAll(".ticks")) {
      group.innerHTML = ticks
        .map(([value, text]) => {
          const at = `${(100 * (value - begin)) / (end - begin)}%`;
          const line = `<line x1="${at}" x2="${at}" y2="100%"/>`;
          const lines = text
            .split("\n")
            .map((each, i) => `<text x="${at}" y="100%" dy="${1.4 + 1.2 * i}em">${each}</text>`);
          const { classList } = group;
          return `${classList.contains("grid") ? line : ""}${
            classList.contains("labelled") ? lines.join("") : ""
          }`;
        })
        .join("");
    }
  }

  // Numbers stand in bars that have room for them, intervals and gaps where they can be seen.
  fit() {
    const [a, b] = this.shares();
    const width = this.plots[0].getBoundingClientRect().width;
    const glyph = root.classList.contains("paper") ? PAPER_GLYPH : GLYPH;
    for (const text of this.texts) {
      const fits = glyph * text.length + MARGIN <= (text.room / (b - a)) * width;
      if (fits !== text.shown) text.node.setAttribute("display", fits ? "inline" : "none");
      text.shown = fits;
    }
    const seen = this.marks.filter(({ plot, x }) => plot === 0 && x[0] >= a && x[0] <= b);
    this.node.classList.toggle("many", seen.length > MANY);
  }

  // The trace as areas on the rows' ground: the greatest height of each pixel in sight; 0 is a
  // hole. timeline.py says what the trace holds, and draws it as it is before zooming.
  draw() {
    if (!this.trace) return;
    const [from, to] = this.view;
    if (this.view === this.home) {
      this.path.setAttribute("d", this.coarse);
      return;
    }
    const { rows, lead, step, ground, tall } = this.trace;
    this.heights ??= this.trace.pieces.map(([ms, text]) => [
      ms,
      Uint8Array.from(atob(text), (c) => c.charCodeAt(0)),
    ]);
    const width = this.plots[0].getBoundingClientRect().width;
    const wide = Math.max(1, Math.floor(((to - from) * MINUTE) / step / width));
    const drawn = [];
    for (let row = 0; row < rows; row++) {
      for (const [ms, heights] of this.heights) {
        const hour = Math.floor((row * 60 * MINUTE - lead - ms) / step);
        const at = (minute) => hour + Math.floor((minute * MINUTE) / step);
        const last = at(to) + wide;
        let piece = [];
        for (let i = at(from) - wide; i <= last; i += wide) {
          let most = 0;
          for (let k = Math.max(0, i); k < Math.min(i + wide, heights.length); k++) {
            if (heights[k] > most) most = heights[k];
          }
          const minute = ((i - hour + wide / 2) * step) / MINUTE;
          if (most) piece.push([minute, row + ground - tall * most]);
          if (piece.length && (!most || i + wide > last)) {
            const ends = [piece[0], piece.at(-1)].map(([x]) => [x, row + ground]);
            const area = [ends[0], ...piece, ends[1]];
            drawn.push(`M${area.map(([x, y]) => `${x.toFixed(5)} ${y.toFixed(3)}`).join("L")}`);
            piece = [];
          }
        }
      }
    }
    this.path.setAttribute("d", drawn.join(""));
  }

  // Where a pointer is: the plot under it, and px in it.
  place(event) {
    for (const [i, plot] of this.plots.entries()) {
      const box = plot.getBoundingClientRect();
      if (event.clientY <= box.bottom + NEAR || i === this.plots.length - 1) {
        return { i, box, x: event.clientX - box.left, y: event.clientY - box.top };
      }
    }
  }

  // The mark that is meant there: the nearest point, else the bar around it.
  at({ i, box, x, y }) {
    const [a, b] = this.shares();
    const [top, bottom] = this.tall;
    const [wide, tall] = [box.width / (b - a), box.height / (bottom - top)]; // px of a whole axis
    const [atX, atY] = [a + x / wide, top + y / tall];
    let [best, found] = [NEAR, null];
    for (const mark of this.marks) {
      const dx = Math.max(mark.x[0] - atX, atX - mark.x[1], 0) * wide;
      if (dx >= NEAR || mark.plot !== i) continue;
      const dy = Math.max(mark.y[0] - atY, atY - mark.y[1], 0) * tall;
      const far = Math.hypot(dx, dy / 2);
      const distance = mark.bar ? (far < 1 ? NEAR - 1 : NEAR) : far;
      if (distance < best) [best, found] = [distance, mark];
    }
    return found;
  }

  tell(event) {
    this.show(this.at(this.place(event)), event.clientX, event.clientY);
  }

  // The words of a mark beside this place of the window; none without one.
  show(mark, x, y) {
    tip.hidden = !mark;
    if (!mark) return;
    if (tip.textContent !== mark.text) tip.textContent = mark.text;
    const { width, height } = tip.getBoundingClientRect();
    const above = y - height - 12;
    const left = clamp(x + 14, 4, Math.max(4, root.clientWidth - width - 4));
    tip.style.left = `${scrollX + left}px`;
    tip.style.top = `${scrollY + (above < 4 ? y + 18 : above)}px`;
  }

  // From mark to mark in sight with the arrows.
  walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") tip.hidden = true;
    if (!step) return;
    event.preventDefault();
    const [a, b] = this.shares();
    const seen = this.marks.filter(({ x }) => x[1] >= a && x[0] <= b);
    if (!seen.length) return;
    const at = seen.indexOf(this.told) + step;
    this.told = seen[(at + seen.length) % seen.length];
    const { x, y, plot } = this.told;
    const box = this.plots[plot].getBoundingClientRect();
    const [top, bottom] = this.tall;
    this.show(
      this.told,
      box.left + ((Math.max(x[0], a) - a) / (b - a)) * box.width,
      box.top + ((y[0] - top) / (bottom - top)) * box.height,
    );
  }

  press(event) {
    this.tell(event);
    // With a finger, dragging scrolls the page; with a mouse it zooms.
    if (!this.kind || event.pointerType !== "mouse" || event.button) return;
    event.preventDefault();
    this.node.setPointerCapture(event.pointerId);
    const selection = this.node.appendChild(document.createElement("div"));
    selection.className = "selection";
    this.drag = { begin: this.place(event), selection };
  }

  move(event) {
    if (!this.drag) {
      this.tell(event);
      return;
    }
    tip.hidden = true;
    const { selection } = this.drag;
    const frame = this.node.getBoundingClientRect();
    const [left, right, top, bottom] = this.chosen(event);
    const { box } = this.drag.begin;
    selection.style.left = `${box.left - frame.left + left * box.width}px`;
    selection.style.width = `${(right - left) * box.width}px`;
    selection.style.top = `${box.top - frame.top + top * box.height}px`;
    selection.style.height = `${(bottom - top) * box.height}px`;
  }

  // What a drag has chosen, in shares of the plot; of its height where there is a trace to see.
  chosen(event) {
    const { box, x, y } = this.drag.begin;
    const span = (from, to, size) =>
      [from, to].map((px) => clamp(px / size, 0, 1)).sort((p, q) => p - q);
    const [dx, dy] = [event.clientX - box.left, event.clientY - box.top];
    const high = this.trace && Math.abs(dy - y) > 4 * DRAG;
    return [...span(x, dx, box.width), ...(high ? span(y, dy, box.height) : [0, 1])];
  }

  release(event) {
    if (!this.drag) return;
    const [left, right, top, bottom] = this.chosen(event);
    const moved = Math.abs(event.clientX - this.drag.begin.box.left - this.drag.begin.x);
    this.drop();
    if (moved < DRAG) return;
    const within = ([from, to], ends) => ends.map((part) => from + part * (to - from));
    const tall = top === 0 && bottom === 1 ? this.tall : within(this.tall, [top, bottom]);
    this.zoom(within(this.view, [left, right]), tall);
  }

  drop() {
    this.drag?.selection.remove();
    this.drag = null;
  }
}
