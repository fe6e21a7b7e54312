// SPDX-License-Identifier: BSD-3-Clause
// Numbers with their units: three figures, a dash for what is not known.

const known = (value) => value !== null && value !== undefined && Number.isFinite(value);
const three = (value) => (value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0));

export function span(ns) {
  if (!known(ns) || ns < 0) return "–";
  if (ns === 0) return "0 ms";
  if (ns < 1e3) return `${ns.toFixed(0)} ns`;
  if (ns < 999.5e3) return `${three(ns / 1e3)} µs`;
  if (ns < 999.5e6) return `${three(ns / 1e6)} ms`;
  if (ns < 120e9) return `${three(ns / 1e9)} s`;
  if (ns < 7200e9) return `${Math.floor(ns / 60e9)} min`;
  if (ns < 172800e9) return `${Math.floor(ns / 3600e9)} h`;
  return `${Math.floor(ns / 86400e9)} d`;
}

export function count(value) {
  if (!known(value) || value < 0) return "–";
  if (value < 10000) return value === 0 || value >= 9.95 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
  for (const [size, unit] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]])
    if (value >= size) return `${three(value / size)} ${unit}`;
  return "–";
}

export const whole = (value) => (known(value) && value >= 0 ? value.toLocaleString("en-US").replaceAll(",", "\u202f") : "–");

export function bytes(value) {
  if (!known(value) || value < 0) return "–";
  if (value < 1024) return `${value.toFixed(0)} B`;
  let unit = -1;
  for (; unit < 4 && (value >= 999.5 || unit < 0); unit++) value /= 1024;
  return `${three(value)} ${["KiB", "MiB", "GiB", "TiB", "PiB"][unit]}`;
}

export const percent = (share) => (known(share) && share >= 0 ? `${(share * 100).toFixed(share > 0 && share < 0.0095 ? 1 : 0)} %` : "–");
export const per = (text) => (text === "–" ? text : `${text}/s`);
export const ratio = (of, by) => (known(of) && by > 0 ? of / by : null);
export const time = (ms) => new Date(ms).toISOString().slice(11, 19);

// An element with text and children; never HTML from a node.
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}
