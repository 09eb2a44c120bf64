// Events and attempts over time, drawn by uPlot; the same numbers as a table for whoever does not see it.
import { html, useEffect, useRef } from "../../lib.js";
import { dark } from "../../theme.js";
import { number, plural, time } from "../../format.js";
import { columns, stacked } from "./columns.js";

const HEIGHT = 240;

function options(uPlot, width) {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: '11px "Inter", sans-serif' };
  const bars = uPlot.paths.bars({ size: [0.62, 14], radius: 0.25 });
  return {
    width,
    height: HEIGHT,
    cursor: { points: { show: false }, y: false, drag: { x: false, y: false } },
    legend: { show: false },
    scales: { x: { time: true }, y: { range: (_, low, high) => [0, Math.max(4, Math.ceil(high * 1.15))] } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    axes: [
      { ...axis, grid: { show: false }, space: 80, size: 30, values: (_, ticks) => ticks.map((tick) => time(new Date(tick * 1000).toISOString()).slice(0, tick % 60 ? 8 : 5)) },
      { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000], values: (_, ticks) => ticks.map(number) },
    ],
    series: [
      {},
      { label: "Accepted", fill: colour("--ok-fill"), stroke: colour("--ok-fill"), width: 0, paths: bars, points: { show: false } },
      { label: "Refused", fill: colour("--bad-fill"), stroke: colour("--bad-fill"), width: 0, paths: bars, points: { show: false } },
      { label: "Events", stroke: colour("--accent"), width: 2, points: { show: false } },
    ],
  };
}

export function Chart({ course }) {
  const place = useRef(null);
  const chart = useRef(null);
  const shade = dark.value;

  useEffect(() => {
    let gone = false;
    let observer = null;
    const here = place.current;
    // Large, and needed here only.
    import("../../../vendor/uplot.js").then(({ default: uPlot }) => {
      if (gone || !place.current) return;
      const data = course.value ? stacked(columns(course.value)) : [[], [], [], []];
      chart.current = new uPlot(options(uPlot, here.clientWidth), data, here);
      observer = new ResizeObserver(() => chart.current?.setSize({ width: here.clientWidth, height: HEIGHT }));
      observer.observe(here);
    });
    return () => {
      gone = true;
      observer?.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [shade]);

  const told = course.value;
  useEffect(() => {
    if (told) chart.current?.setData(stacked(columns(told)));
  }, [told]);

  const totals = told?.items.reduce((sum, item) => [sum[0] + item.events, sum[1] + item.accepted, sum[2] + item.refused], [0, 0, 0]) ?? [0, 0, 0];
  return html`
    <div class="chart" ref=${place} role="img" aria-label=${`In the last hour ${plural(totals[0], "event")}, ${plural(totals[1], "attempt")} accepted, ${totals[2]} refused.`}></div>
    <ul class="chart-legend">
      <li data-tone="accent"><i></i>events</li>
      <li data-tone="ok"><i></i>attempts accepted</li>
      <li data-tone="bad"><i></i>attempts refused</li>
      <li class="quiet">in five seconds each</li>
    </ul>
  `;
}
