// The page around its charts: the buttons that choose the nights, and a sheet that fits its paper.
(() => {
  const PAGE = 990; // px of an A4 page within its margins, less the footer
  const charts = [...document.querySelectorAll(".chart")].map((node) => new Chart(node));

  // The buttons that choose how many of the newest nights the charts of a label span.
  function span(group, days) {
    const [first, last] = [group.dataset.first, group.dataset.last].map((d) => Date.parse(d) / DAY);
    const begin = last - Math.min(days || Infinity, last - first) - 0.5; // a noon: no point is cut
    const names = group.dataset.charts.split(/\s+/);
    for (const chart of charts) {
      if (!names.some((n) => chart.node.id === n || chart.node.id.startsWith(`${n}-leg`))) continue;
      const { snap, low, high } = chart;
      const from = snap ? low + Math.floor((begin + 0.5 - low) / snap) * snap : begin;
      const to = snap ? low + Math.ceil((last - low) / snap) * snap : last;
      chart.home = [Math.max(low, from), Math.min(high, to)];
      chart.zoom(chart.home);
    }
    for (const button of group.children) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.days) === days));
    }
  }

  for (const group of document.querySelectorAll(".range")) {
    group.addEventListener("click", (event) => {
      const days = event.target.dataset?.days;
      if (days !== undefined) span(group, Number(days));
    });
  }

  const fitted = () => charts.forEach((chart) => chart.fit());
  const sheets = [...document.querySelectorAll(".sheet, .new-sheet")].filter(
    (sheet) => !sheet.querySelector(".sheet"),
  );

  // A sheet too long for one A4 page is printed a little smaller.
  function paper(on) {
    root.classList.toggle("paper", on);
    for (const sheet of sheets) sheet.style.zoom = "";
    for (const sheet of on ? sheets : []) {
      const height = sheet.getBoundingClientRect().height;
      if (height > PAGE) sheet.style.zoom = (PAGE / height).toFixed(3);
    }
    fitted();
  }

  let width = root.clientWidth;
  new ResizeObserver(() => {
    if (root.clientWidth !== width && !root.classList.contains("paper")) {
      width = root.clientWidth;
      fitted();
    }
  }).observe(root);
  addEventListener("beforeprint", () => paper(true));
  addEventListener("afterprint", () => paper(false));
})();
