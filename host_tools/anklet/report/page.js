// Draws the figures in the page's colours; again when these change, and at paper size for print.
(() => {
  "use strict";
  const DAY = 86400000;
  const WEEK = 7 * DAY;
  const PAGE = 990; // px of an A4 page within its margins, less the footer
  const MANY = 500; // points whose intervals can still be told apart
  const MINUTE = 60000;
  const STEP = 200; // ms of a level of the trace
  const HOLE = 255;
  const root = document.documentElement;
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const sheets = [...document.querySelectorAll(".sheet, .new-sheet")].filter(
    (sheet) => !sheet.querySelector(".sheet"),
  );
  const dark = matchMedia("(prefers-color-scheme: dark)");
  // With a finger, dragging scrolls the page; with a mouse it zooms.
  const dragmode = matchMedia("(pointer: coarse)").matches ? false : "zoom";
  const config = { displayModeBar: false, responsive: true, doubleClick: "reset" };

  function coloured(value, style) {
    if (typeof value === "string" && value.startsWith("var(--")) {
      return style.getPropertyValue(value.slice(4, -1)).trim();
    }
    if (Array.isArray(value)) return value.map((each) => coloured(each, style));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, coloured(v, style)]));
    }
    return value;
  }

  // What belongs to the points, bars or weeks that `there` holds on to, of n.
  function kept(value, there, n) {
    if (Array.isArray(value)) {
      if (value.length === n) return value.filter((_, i) => there[i]);
      return value.map((each) => kept(each, there, n));
    }
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, kept(v, there, n)]));
    }
    return value;
  }

  // A trace within the axis's range: years of nights would be slow to draw. Where many remain, the
  // intervals go, and the numbers in a calendar's cells without room for them.
  function fit(trace, [from, to], width) {
    const [begin, end] = [Date.parse(from) - WEEK, Date.parse(to) + WEEK];
    const there = (trace.base ?? trace.x).map((x, i) => {
      const first = Date.parse(x);
      const last = trace.base ? first + trace.x[i] : first;
      return last >= begin && first <= end;
    });
    const cut = kept(trace, there, there.length);
    if (cut.error_y && cut.x.length > MANY) cut.error_y.visible = false;
    if (cut.type === "heatmap" && (width * WEEK) / (end - begin) < 24) cut.texttemplate = "";
    return cut;
  }

  // Height in its row, 0 to 1, of a level of the trace; see firmware/plmcore/trace.py for levels.
  const HEIGHTS = Array.from({ length: HOLE + 1 }, (_, level) => {
    const power = level < 16 ? level : (8.5 + (level % 8)) * 2 ** ((level >> 3) - 1);
    const mg = Math.sqrt(power / 10) / 2.048;
    return Math.min(1, Math.max(0, Math.log2(mg / 4) / 7));
  });

  // The trace as areas that stand on the rows' ground: the greatest level of each pixel.
  function area(trace, [from, to], width) {
    trace.levels ??= trace.pieces.map(([ms, text]) => [
      ms,
      Uint8Array.from(atob(text), (c) => c.charCodeAt(0)),
    ]);
    const x = [];
    const y = [];
    for (let row = 0; row < trace.rows; row++) {
      const ground = row + 0.42;
      for (const [ms, levels] of trace.levels) {
        const hour = row * 60 * MINUTE - trace.lead - ms; // where the row begins in this piece
        const at = (minute) => Math.floor((hour + minute * MINUTE) / STEP);
        const first = Math.max(0, at(from));
        const last = Math.min(levels.length, at(to) + 1);
        const step = Math.max(1, Math.floor((at(to) - at(from)) / width));
        let begin = null; // of an area, minute
        for (let i = first; i <= last; i += step) {
          let most = -1;
          for (let k = i; k < Math.min(i + step, last); k++) {
            if (levels[k] !== HOLE && levels[k] > most) most = levels[k];
          }
          const minute = (i * STEP - hour) / MINUTE;
          if (most < 0) {
            if (begin !== null) {
              x.push(minute, begin, null);
              y.push(ground, ground, null);
            }
            begin = null;
            continue;
          }
          if (begin === null) {
            begin = minute;
            x.push(begin);
            y.push(ground);
          }
          const top = ground - 0.84 * HEIGHTS[most];
          x.push(minute, minute + (step * STEP) / MINUTE);
          y.push(top, top);
        }
        if (begin !== null) {
          x.push((last * STEP - hour) / MINUTE, begin, null);
          y.push(ground, ground, null);
        }
      }
    }
    return { x, y };
  }

  function draw() {
    const paper = root.classList.contains("paper");
    const style = getComputedStyle(root);
    for (const [id, figure] of Object.entries(figures)) {
      const chart = document.getElementById(id);
      let { data, layout } = coloured(figure, style);
      layout.dragmode = dragmode;
      layout.width = chart.clientWidth;
      if (paper) {
        layout.height = layout.meta?.paper ?? Math.min(layout.height * 0.6, 200);
        layout.font.size = 9;
        if (layout.uniformtext) layout.uniformtext.minsize = 6;
        for (const trace of data) if (trace.textfont) trace.textfont.size = 7;
        for (const note of layout.annotations ?? []) note.font.size = 9;
        layout.margin.b *= 0.8;
      }
      if (layout.xaxis.type === "date") {
        data = data.map((trace) => fit(trace, layout.xaxis.range, layout.width - 110));
      }
      if (figure.trace) {
        Object.assign(data[figure.trace.index], area(figure.trace, layout.xaxis.range, layout.width));
      }
      Plotly.react(chart, data, layout, config);
      if (figure.trace && !chart.dataset.follows) {
        chart.dataset.follows = "1";
        chart.on("plotly_relayout", (changed) => {
          if (!Object.keys(changed).some((key) => key.startsWith("xaxis"))) return;
          const { x, y } = area(figure.trace, chart.layout.xaxis.range, chart.clientWidth);
          Plotly.restyle(chart, { x: [x], y: [y] }, [figure.trace.index]);
        });
      }
    }
  }

  // The buttons that choose how many of the newest nights the charts of a label span.
  function span(group, days) {
    const { first, last } = group.dataset;
    const most = (Date.parse(last) - Date.parse(first)) / DAY;
    const begin = Date.parse(last) - (days ? Math.min(days, most) : most) * DAY - DAY;
    for (const [id, figure] of Object.entries(figures)) {
      if (!group.dataset.charts.split(/\s+/).some((name) => id === name || id.startsWith(`${name}-leg`))) {
        continue;
      }
      figure.layout.xaxis.range = [new Date(begin).toISOString().slice(0, 10), last];
    }
    for (const button of group.children) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.days) === days));
    }
    draw();
  }

  for (const group of document.querySelectorAll(".range")) {
    group.addEventListener("click", (event) => {
      const days = event.target.dataset?.days;
      if (days !== undefined) span(group, Number(days));
    });
  }

  // A sheet too long for one A4 page is printed a little smaller.
  function paper(on) {
    root.classList.toggle("paper", on);
    for (const sheet of sheets) sheet.style.zoom = "";
    draw();
    if (!on) return;
    for (const sheet of sheets) {
      const height = sheet.getBoundingClientRect().height;
      if (height > PAGE) sheet.style.zoom = (PAGE / height).toFixed(3);
    }
    draw(); // as wide as there is room now
  }

  let width = 0;
  new ResizeObserver(() => {
    if (root.clientWidth !== width && !root.classList.contains("paper")) {
      width = root.clientWidth;
      draw();
    }
  }).observe(root);
  dark.addEventListener("change", draw);
  addEventListener("beforeprint", () => paper(true));
  addEventListener("afterprint", () => paper(false));
})();
