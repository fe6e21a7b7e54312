// SPDX-License-Identifier: BSD-3-Clause
// What comes from the server, what the user does, and when the page is old.
import * as charts from "./charts.js";
import { count, make, per, span, time } from "./format.js";
import * as tables from "./tables.js";

const STALE_MS = 1500;
const POINTS = 300;
const element = (id) => document.getElementById(id);
const state = { now: null, points: [], events: [], journal: 0, node: 0, paused: false, heard: performance.now(), begun: false };
let curves = null;

// ---- drawing

function header(now) {
  const level = element("level");
  level.className = `level ${tables.classOf(now.level)}`;
  level.textContent = `${now.level === "no answer" ? "a node does not answer" : now.level}, ${now.answered} of ${now.nodes.length} nodes`;
  element("cluster").textContent = now.cluster.slice(0, 8);
  element("cluster").title = now.cluster;
  element("clock").textContent = `${time(now.t)} UTC`;
  document.title = `${now.level} – wirelog`;
  element("journal-label").hidden = now.leaders.length < 2;
  if (element("journal").length !== now.leaders.length)
    element("journal").replaceChildren(...now.leaders.map((_, at) => make("option", { value: `${at}` }, `${at}`)));
}

// A piece of the line, then words.
function swatch(name, dash, words) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), stroke = document.createElementNS(svg.namespaceURI, "line");
  svg.setAttribute("width", "22");
  svg.setAttribute("height", "4");
  for (const [key, value] of Object.entries({ x1: 0, y1: 2, x2: 22, y2: 2, stroke: `var(${name})`, "stroke-width": 2, "stroke-dasharray": dash.join(" ") }))
    stroke.setAttribute(key, value);
  svg.append(stroke);
  return make("span", {}, svg, words);
}

function legends(now, leader) {
  const recent = leader?.journals[state.journal]?.recent.commit;
  element("commit-now").replaceChildren(...(leader
    ? charts.legendOfPercentiles.map(([title, name, , dash], at) => swatch(name, dash ?? [], `${title} ${span(recent?.[at + 1])}`))
    : ["no node that answers leads"]));
  element("records-now").textContent = leader ? per(`${count(leader.journals[state.journal].records_per_s)} records`) : "";
  element("busy-legend").replaceChildren(...now.nodes.map((node, at) => {
    const style = charts.styleOfNode(at);
    return swatch(style.name, style.dash, `node ${node.node || "?"}`);
  }));
}

function draw() {
  const now = state.now;
  if (!now || state.paused) return;
  const leader = now.nodes[now.leaders[state.journal] ?? -1];
  header(now);
  tables.strip(now, state.journal);
  tables.stages(leader, state.journal);
  tables.batching(leader);
  tables.matrix(now, state.journal);
  legends(now, leader);
}

function drawCurves() {
  if (!curves || state.paused || !state.now) return;
  charts.update(curves, state.points, state.journal, state.now.nodes.length, state.now.t);
}

function drawEvents() {
  if (state.paused) return;
  charts.marks.splice(0, Infinity, ...state.events.map(tables.markOf).filter(Boolean));
  tables.events(state.events, element("filter").value, state.node);
}

// ---- what comes

function hear(name, take) {
  source.addEventListener(name, (event) => {
    state.heard = performance.now();
    take(JSON.parse(event.data));
  });
}

const source = new EventSource("events"); // it dials again by itself
hear("past", (points) => { state.points = points; drawCurves(); });
hear("point", (point) => {
  if (state.points.length > 0 && state.points.at(-1).t >= point.t) return;
  state.points.push(point);
  if (state.points.length > POINTS) state.points.shift();
  drawCurves();
});
hear("events", (events) => { state.events = events; drawEvents(); });
hear("now", (now) => {
  state.now = now;
  if (!curves) curves = charts.begin();
  draw();
  if (!state.begun) { state.begun = true; drawCurves(); drawEvents(); }
});

setInterval(() => {
  const old = performance.now() - state.heard, stale = old > STALE_MS;
  element("stale").hidden = !stale;
  document.body.classList.toggle("stale", stale);
  if (stale) element("stale").textContent = `Nothing was heard for ${(old / 1000).toFixed(1)} s: what stands below is old. wirelog-web does not answer.`;
}, 200);

// ---- what the user does

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  element("theme").textContent = theme === "dark" ? "Light" : "Dark";
  try { localStorage.setItem("theme", theme); } catch { /* a browser that keeps nothing */ }
  if (curves) charts.redraw(curves);
}

function setPaused(paused) {
  state.paused = paused;
  element("pause").setAttribute("aria-pressed", `${paused}`);
  element("pause").textContent = paused ? "Go on" : "Pause";
  draw();
  drawCurves();
  drawEvents();
}

function setJournal(journal) {
  const most = state.now?.leaders.length ?? 1;
  state.journal = (journal + most) % most;
  element("journal").value = `${state.journal}`;
  draw();
  drawCurves();
}

const keys = {
  p: () => setPaused(!state.paused),
  " ": () => setPaused(!state.paused),
  t: () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"),
  "?": () => element("help").showModal(),
  "[": () => setJournal(state.journal - 1),
  "]": () => setJournal(state.journal + 1),
  "/": () => element("filter").focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target === element("filter")) {
    if (event.key === "Escape") { element("filter").value = ""; element("filter").blur(); drawEvents(); }
    return;
  }
  if (event.key === " " && event.target.tagName === "BUTTON") return;
  if (/^[1-9]$/.test(event.key)) {
    state.node = state.node === Number(event.key) ? 0 : Number(event.key);
    drawEvents();
  }
  if (!keys[event.key] || event.target.tagName === "SELECT") return;
  event.preventDefault();
  keys[event.key]();
});
element("pause").addEventListener("click", keys.p);
element("theme").addEventListener("click", keys.t);
element("keys").addEventListener("click", keys["?"]);
element("close").addEventListener("click", () => element("help").close());
element("filter").addEventListener("input", drawEvents);
element("journal").addEventListener("change", (event) => setJournal(Number(event.target.value)));

let theme = null;
try { theme = localStorage.getItem("theme"); } catch { /* as above */ }
setTheme(theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
