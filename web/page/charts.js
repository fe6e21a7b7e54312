// SPDX-License-Identifier: BSD-3-Clause
// The curves: uPlot, with the colours of the page, one time axis for all, and a line where something happened.
/* global uPlot */
import { count, percent, span } from "./format.js";

const PAST_S = 300;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const font = '11px system-ui, "DejaVu Sans", sans-serif';

export const marks = []; // {t, text, level}: drawn into every chart

function drawMarks(u) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, "DejaVu Sans", sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  ctx.lineWidth = devicePixelRatio;
  let free = -1, last = -Infinity;
  for (const mark of marks) {
    const x = Math.round(u.valToPos(mark.t / 1000, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width || x - last < 3 * devicePixelRatio) continue;
    last = x;
    ctx.strokeStyle = ctx.fillStyle = colour(mark.level <= 3 ? "--bad" : mark.level === 4 ? "--warn" : "--dim");
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.globalAlpha = 0.6;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    const width = ctx.measureText(mark.text).width;
    const left = x + width + 6 > bbox.left + bbox.width ? x - width - 4 : x + 4;
    if (!u.named || left <= free) continue;
    ctx.fillText(mark.text, left, bbox.top + 11 * devicePixelRatio);
    free = left + width + 6;
  }
  ctx.restore();
}

// Cells of the heat map: a column each second, a row each power of two.
function drawHeat(u) {
  const { ctx, bbox } = u;
  const points = u.heat ?? [];
  const most = Math.max(1, ...points.flatMap((point) => (point.heat ? point.heat.slice(1) : [0])));
  const rgb = colour("--heat");
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const point of points) {
    if (!point.heat) continue;
    const right = u.valToPos(point.t / 1000, "x", true), left = u.valToPos(point.t / 1000 - 1, "x", true);
    point.heat.slice(1).forEach((entries, at) => {
      if (entries === 0) return;
      const top = Math.round(u.valToPos(point.heat[0] + at, "y", true)), bottom = Math.round(u.valToPos(point.heat[0] + at - 1, "y", true));
      ctx.fillStyle = `rgba(${rgb}, ${0.12 + 0.88 * (Math.log1p(entries) / Math.log1p(most))})`;
      ctx.fillRect(Math.floor(left), top, Math.ceil(right - left) + 1, bottom - top);
    });
  }
  ctx.restore();
}

function axes(values, more = {}) {
  const common = { stroke: () => colour("--dim"), font, grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false } };
  return [
    { ...common, space: 70, size: 24, values: (u, splits) => splits.map((s) => new Date(s * 1000).toISOString().slice(11, 19)) },
    { ...common, size: 58, values: (u, splits) => splits.map((s) => (s === null ? "" : values(s))), ...more },
  ];
}

function chart(id, options) {
  const box = document.getElementById(id);
  const u = new uPlot({
    width: box.clientWidth, height: box.clientHeight, legend: { show: false }, pxAlign: 1, padding: [6, 26, 0, 0],
    cursor: { sync: { key: "time" }, points: { size: 6 }, drag: { x: false, y: false } },
    ...options,
    scales: { x: { time: true, range: () => { const now = chart.now ?? Date.now() / 1000; return [now - PAST_S, now]; } }, ...options.scales },
    hooks: { draw: [...(options.hooks?.draw ?? []), drawMarks] },
  }, options.data, box);
  new ResizeObserver(() => u.setSize({ width: box.clientWidth, height: box.clientHeight })).observe(box);
  return u;
}

const line = (name, width, dash, fill) => ({ stroke: () => colour(name), width, dash, spanGaps: false, points: { show: false }, fill });
const ms = (value) => span(value * 1e6);
const PERCENTILES = [["p50", "--dim", 1.25], ["p90", "--accent-2", 1.25], ["p99", "--accent", 2], ["p99.9", "--accent", 1.25, [4, 3]]];
const logarithmic = { distr: 3, log: 10, range: (u, low, high) => (low > 0 ? uPlot.rangeLog(low, high, 10, true) : [0.1, 100]) };

export function begin() {
  const charts = {
    commit: chart("commit", { data: [[], [], [], [], []], axes: axes(ms, { space: 24 }), scales: { y: logarithmic },
      series: [{}, ...PERCENTILES.map(([, name, width, dash]) => line(name, width, dash))] }),
    heat: chart("heat", { data: [[], []], series: [{}, { paths: () => null, points: { show: false } }],
      axes: axes((bucket) => (Number.isInteger(bucket) ? span(2 ** bucket * 1000) : ""), { space: 22, incrs: [1, 2, 4] }),
      scales: { y: { range: (u) => u.rows ?? [6, 16] } }, hooks: { draw: [drawHeat] } }),
    records: chart("records", { data: [[], []], axes: axes(count, { space: 30 }),
      scales: { y: { range: (u, low, high) => [0, Math.max(high * 1.1, 10)] } },
      series: [{}, line("--accent", 1.75, undefined, () => `rgba(${colour("--heat")}, .10)`)] }),
    busy: chart("busy", { data: [[]], axes: axes(percent, { space: 30 }), scales: { y: { range: (u, low, high) => [0, Math.min(1, Math.max(0.1, high * 1.25))] } }, series: [{}] }),
  };
  charts.commit.named = true;
  return charts;
}

export const legendOfPercentiles = PERCENTILES;
const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3], [12, 4], [1, 2], [4, 4]];
export const styleOfNode = (at) => ({ name: at === 0 ? "--accent" : at % 2 ? "--ink" : "--dim", dash: DASHES[at % DASHES.length] });

function rowsOf(points) {
  let low = 26, high = 0;
  for (const { heat } of points) if (heat) [low, high] = [Math.min(low, heat[0]), Math.max(high, heat[0] + heat.length - 2)];
  return low > high ? [6, 16] : [low - 1, high + 1];
}

// `points` as the server told them; of one journal.
export function update(charts, points, journal, nodes, now) {
  const times = points.map((point) => point.t / 1000);
  const of = points.map((point) => ({ t: point.t, ...(point.journals[journal] ?? {}) }));
  chart.now = now / 1000;
  charts.commit.setData([times, ...[1, 2, 3, 4].map((at) => of.map((point) => (point.commit ? point.commit[at] / 1e6 : null)))]);
  charts.heat.heat = of;
  charts.heat.rows = rowsOf(of);
  charts.heat.setData([times, times.map(() => null)]);
  charts.records.setData([times, of.map((point) => point.records ?? null)]);
  while (charts.busy.series.length < nodes + 1) {
    const style = styleOfNode(charts.busy.series.length - 1);
    charts.busy.addSeries(line(style.name, 1.5, style.dash));
  }
  charts.busy.setData([times, ...Array.from({ length: charts.busy.series.length - 1 }, (_, at) => points.map((point) => point.busy[at] ?? null))]);
}

export function redraw(charts) {
  for (const one of Object.values(charts)) one.redraw(false, true);
}
