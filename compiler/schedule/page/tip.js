// SPDX-License-Identifier: MIT
// What is said about the thing under the pointer or the keyboard's cursor, and small helpers for elements.

/* An element with attributes and children (nodes or texts). */
function element(name, attributes = {}, ...children) {
  const isSvg = ["svg", "g", "rect", "text", "path", "title"].includes(name);
  const node = isSvg
    ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

const byId = (id) => document.getElementById(id);
const grouped = (number) => number.toLocaleString("en-US");
const plural = (count, noun) => `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
const percent = (share) => `${(100 * share).toFixed(1)} %`;

/* "1.25 M" and the like. */
function scaled(value) {
  const prefixes = ["", " k", " M", " G", " T", " P"];
  let prefix = 0;
  for (; value >= 999.5 && prefix < 5; prefix++) value /= 1000;
  const decimals =
    prefix === 0 && Number.isInteger(value) ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return value.toFixed(decimals) + prefixes[prefix];
}

/* Shows `content` ({title, lines: [{phase, text}], note}) beside a point of the window. */
function showTip(content, x, y) {
  const tip = byId("tip");
  tip.replaceChildren(element("p", {}, element("b", {}, content.title)));
  if (content.lines?.length) {
    tip.append(
      element(
        "ul",
        {},
        ...content.lines.map((line) =>
          element(
            "li",
            {},
            element("i", { class: line.phase ?? "" }),
            element("span", {}, line.text),
          ),
        ),
      ),
    );
  }
  if (content.note) tip.append(element("p", { class: "quiet" }, content.note));
  tip.hidden = false;
  const box = tip.getBoundingClientRect(),
    gap = 14;
  const left = x + gap + box.width > innerWidth ? x - gap - box.width : x + gap;
  const top = y + gap + box.height > innerHeight ? y - gap - box.height : y + gap;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, top)}px`;
}

function hideTip() {
  byId("tip").hidden = true;
}

/* The same for ears. */
function announce(content) {
  byId("announcer").textContent = [
    content.title,
    ...(content.lines ?? []).map((line) => line.text),
    content.note ?? "",
  ].join(". ");
}

/* The page's colours as the style sheet has them now: [red, green, blue]. */
function colours() {
  const style = getComputedStyle(document.documentElement),
    result = {};
  for (const name of [
    "paper",
    "ink",
    "quiet",
    "line",
    "idle",
    "soft",
    "ff",
    "bp",
    "up",
    "ff-ink",
    "bp-ink",
    "up-ink",
    "cursor",
    "bubble",
    "accent",
  ]) {
    const text = style.getPropertyValue(`--${name}`).trim();
    result[name] = [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16));
  }
  return result;
}
const css = (rgb) => `rgb(${rgb.map(Math.round).join(" ")})`;
const blend = (a, b, share) => a.map((value, i) => value + (b[i] - value) * share);
const pixel = (rgb) =>
  (0xff000000 | (Math.round(rgb[2]) << 16) | (Math.round(rgb[1]) << 8) | Math.round(rgb[0])) >>> 0;
