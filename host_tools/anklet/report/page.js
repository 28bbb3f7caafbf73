// Draws the figures in the page's colours; again when these change, and at paper size for print.
(() => {
  "use strict";
  const root = document.documentElement;
  const figures = JSON.parse(document.getElementById("figures").textContent);
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

  function draw() {
    const paper = root.classList.contains("paper");
    const style = getComputedStyle(root);
    for (const [id, figure] of Object.entries(figures)) {
      const chart = document.getElementById(id);
      const { data, layout } = coloured(figure, style);
      layout.dragmode = dragmode;
      layout.width = chart.clientWidth;
      if (paper) {
        layout.height = Math.min(layout.height * 0.6, 210);
        layout.font.size = 9;
        layout.margin.b *= 0.8;
      }
      Plotly.react(chart, data, layout, config);
    }
  }

  function paper(on) {
    root.classList.toggle("paper", on);
    draw();
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
