// SPDX-License-Identifier: BSD-3-Clause
// Everything on the page that is no curve.
import { bytes, count, make, per, percent, ratio, span, time, whole } from "./format.js";

const LEVEL_CLASS = { healthy: "healthy", degraded: "degraded", unsafe: "unsafe", "no answer": "silent" };
export const classOf = (level) => LEVEL_CLASS[level] ?? "degraded";
const most = (list) => (list && list.some((one) => one !== null) ? Math.max(...list.filter((one) => one !== null)) : null);
const element = (id) => document.getElementById(id);
const wire = (node) => `over the wire, asked by node ${node.asked_by}`;
const nameOf = (node) => (node.node > 0 ? `${node.node}` : "?");

function why(reason, node) {
  const about = reason.node >= 0 && reason.node !== node.node ? ` node ${reason.node}` : "";
  return `${reason.reason}${about} for ${span(reason.for_ns)}: ${reason.text}`;
}

function meter(share) {
  const filled = make("i");
  filled.style.width = `${Math.round((share ?? 0) * 100)}%`;
  return make("span", { class: "meter", "aria-hidden": "true" }, filled);
}

function rowOf(node, at, now, journal) {
  if (!node.answers) {
    const since = node.silent_ms === null || node.silent_ms === undefined ? "" : ` for ${span(node.silent_ms * 1e6)}`;
    return make("tr", {}, make("th", { scope: "row" }, nameOf(node)),
      make("td", { colspan: "8", class: "dim" }, node.asked_by > 0 ? wire(node) : node.run_directory ?? ""),
      make("td", { class: "silent dot" }, `no answer${since}`));
  }
  const one = node.journals[journal] ?? {}, leads = now.leaders[journal] === at, busy = most(node.busy);
  const number = (text) => make("td", { class: "number" }, text);
  const health = make("td", { class: "why" }, make("span", { class: `${classOf(node.level)} dot` }, node.level));
  for (const reason of node.reasons) health.append(make("br"), make("span", { class: classOf(reason.level) }, why(reason, node)));
  return make("tr", { class: leads ? "leads" : null }, make("th", { scope: "row" }, nameOf(node)),
    make("td", {}, one.role ?? "–"), number(whole(one.term)), number(whole(one.records)), number(per(count(one.records_per_s))),
    number(leads ? "–" : count(one.behind_entries)), number(leads ? "–" : span(one.behind_ns)),
    ...(node.asked_by > 0 ? [make("td", { colspan: "2", class: "dim" }, wire(node))]
      : [make("td", {}, meter(busy), percent(busy)), number(percent(node.cpu))]), health);
}

// By their numbers; who has not said its own comes last. Places stay those of the picture.
const inOrder = (nodes) => nodes.map((node, at) => [node, at]).sort(([one], [other]) => (one.node || Infinity) - (other.node || Infinity) || 0);

export function strip(now, journal) {
  element("nodes").replaceChildren(...inOrder(now.nodes).map(([node, at]) => rowOf(node, at, now, journal)));
}

// ---- stages

const STAGES = [["turn", "in its turn"], ["send", "to the link"], ["disk", "own drive"], ["peer", "majority’s memory"], ["peer_disk", "peers’ drives"], ["commit", "decided"],
  ["answer", "all of it"]];
const LOW = 1e4, HIGH = 1e9; // 10 µs .. 1 s
const place = (ns) => 100 * Math.min(1, Math.max(0, Math.log10(Math.max(ns, LOW) / LOW) / Math.log10(HIGH / LOW)));

function stageRow(name, what, spread) {
  const track = make("div", { class: "track" });
  const title = (numbers, dim) => make("div", {}, make("b", {}, name), make("span", { class: "what" }, what), make("span", { class: `numbers${dim}` }, numbers));
  if (!spread) return make("div", { class: "stage" }, title("nothing", " dim"), track);
  const [, p50, , p99, p999] = spread, bar = make("i"), tick = make("em");
  bar.style.left = `${place(p50)}%`;
  bar.style.width = `${Math.max(0.5, place(p99) - place(p50))}%`;
  tick.style.left = `${place(p999)}%`;
  track.append(bar, tick);
  return make("div", { class: "stage" }, title(`${span(p50)} · ${span(p99)} · ${span(p999)}`, ""), track);
}

export function stages(leader, journal) {
  const recent = leader?.journals[journal]?.recent ?? {};
  const scale = make("div", { class: "scale", "aria-hidden": "true" }, ...["10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s"].map((text) => make("span", {}, text)));
  element("stages").replaceChildren(...STAGES.map(([name, what]) => stageRow(name, what, recent[name])), scale,
    make("p", { class: "legend" }, "p50 · p99 · p99.9; bar: p50 to p99, line: p99.9. Drive and peers work at the same time."));
}

export function batching(leader) {
  const pairs = leader ? [
    ["bytes of records", per(bytes(leader.record_bytes_appended_per_s))],
    ["records an entry", count(ratio(leader.records_appended_per_s, leader.entries_appended_per_s))],
    ["entries a write", count(ratio(leader.entries_appended_per_s, leader.disk_writes_done_per_s))],
    ["writes", per(count(leader.disk_writes_done_per_s))],
    ["a write", bytes(ratio(leader.disk_write_bytes_per_s, leader.disk_writes_done_per_s))],
  ] : [];
  element("batching").replaceChildren(...pairs.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

// ---- nodes in numbers: a fact a line, a node a column. `bad`: more than 0 is told in red.

const FACTS = [
  ["Drive"],
  ["log on the medium", (n, j) => `${bytes(j.used_bytes)}, ${percent(ratio(j.used_bytes, j.limit_bytes))}`],
  ["log.bytes_max, free beside it", (n, j) => `${bytes(j.limit_bytes)}, ${bytes(n.free_bytes)}`],
  ["writes, bytes written", (n) => `${per(count(n.disk_writes_done_per_s))}, ${per(bytes(n.disk_write_bytes_per_s))}`],
  ["in flight, silent for", (n, j) => `${count(j.writes_in_flight)}, ${span(j.drive_silent_ns)}`],
  ["queue full, log ring full", (n) => `${count(n.disk_queue_full)}, ${count(n.log_no_room)}`],
  ["failed writes, reads", (n) => `${count(n.disk_write_failed)}, ${count(n.disk_read_failed)}`, (n) => n.disk_write_failed + n.disk_read_failed],
  ["Retention"],
  ["records kept", (n, j) => `${whole(j.first_record)} to ${whole(j.records)}`],
  ["consumers, held back by them", (n, j) => `${count(j.consumers)}, ${bytes(j.held_bytes)}`],
  ["Clients and readers"],
  ["clients, sessions", (n, j) => `${count(j.clients)}, ${count(j.sessions)}`],
  ["readers, records to them", (n, j) => `${count(j.readers)}, ${per(count(n.deliver_records_per_s))}`],
  ["answers that wait", (n, j) => count(j.waiting_replies)],
  ["back pressure", (n) => per(count(n.client_back_pressure_per_s))],
  ["Network"],
  ["received", (n) => `${per(count(n.rx_frames_per_s))}, ${per(bytes(n.rx_bytes_per_s))}`],
  ["sent", (n) => `${per(count(n.tx_frames_per_s))}, ${per(bytes(n.tx_bytes_per_s))}`],
  ["links, of these down", (n) => `${count(n.links)}, ${count(n.links_down)}`, (n) => n.links_down],
  ["NIC: missed, no buffer, errors", (n) => `${count(n.nic_missed)}, ${count(n.nic_no_buffer)}, ${count(n.nic_errors)}`, (n) => n.nic_missed + n.nic_no_buffer + n.nic_errors],
  ["link full, sent again", (n) => `${per(count(n.tx_link_full_per_s))}, ${per(count(n.append_resent_per_s))}`],
  ["frames not believed", (n) => count(n.not_believed), (n) => n.not_believed],
  ["Workers and stalls"],
  ["longest turn", (n) => span(n.longest_turn_ns), (n) => n.longest_turn_ns > 1e9],
  ["gave up leadership, no commits", (n) => `${count(n.stalls)}, ${count(n.commit_stalls)}`],
  ["lost its majority", (n) => count(n.quorum_lost)],
  ["clock against the majority’s", (n, j) => (j.clock_ahead_ns < 0 ? `−${span(-j.clock_ahead_ns)}` : span(j.clock_ahead_ns))],
  ["memory, up for", (n) => `${bytes(n.resident_bytes)}, ${span(n.uptime_ns)}`],
  ["version", (n) => n.version],
];

function factRow([name, tell, bad], now, journal) {
  if (!tell) return make("tr", { class: "group" }, make("th", { colspan: `${now.nodes.length + 1}`, scope: "colgroup" }, name));
  return make("tr", {}, make("th", { scope: "row" }, name), ...now.nodes.map((node) => (node.answers
    ? make("td", { class: bad?.(node) > 0 ? "bad-number" : null }, tell(node, node.journals[journal] ?? {}))
    : make("td", { class: "dim" }, "–"))));
}

// Two tables: side by side where there is room.
export function matrix(now, journal) {
  const half = FACTS.findIndex(([name]) => name === "Network");
  element("matrix").replaceChildren(...[FACTS.slice(0, half), FACTS.slice(half)].map((facts) => make("table", {},
    make("thead", {}, make("tr", {}, make("td"), ...now.nodes.map((node, at) =>
      make("th", { scope: "col" }, `node ${nameOf(node)}${now.leaders[journal] === at ? ", leads" : ""}`)))),
    make("tbody", {}, ...facts.map((fact) => factRow(fact, now, journal))))));
}

// ---- events

export function events(list, words, node) {
  const box = element("events");
  const follows = box.scrollTop + box.clientHeight >= box.scrollHeight - 20;
  const shown = list.filter((event) => (!words || event.text.toLowerCase().includes(words.toLowerCase())) && (!node || event.node === node));
  box.replaceChildren(...shown.map((event) => make("p", { class: event.level <= 3 ? "unsafe" : event.level === 4 ? "degraded" : null },
    make("span", { class: "dim" }, time(event.t)), make("span", { class: "dim" }, event.node ? `n${event.node}` : ""), make("span", {}, event.text))));
  if (shown.length === 0) box.append(make("p", { class: "dim" }, "", "", "none"));
  if (follows) box.scrollTop = box.scrollHeight;
}

// What is worth a line in the curves, in few words.
export function markOf(event) {
  const who = event.node ? `n${event.node}` : "";
  if (event.own) return { t: event.t, level: event.level, text: event.level <= 3 ? `${who} silent` : `${who} back` };
  if (/^election .*text="leads/.test(event.text)) return { t: event.t, level: 5, text: `${who} leads` };
  if (event.level <= 3 || (event.level === 4 && !/^(election|health) /.test(event.text))) return { t: event.t, level: event.level, text: `${who} ${event.text.split(" ")[0]}` };
  return null;
}
