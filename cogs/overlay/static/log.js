// What was said, and what is being said. Only so much of it stays on the page.
import { $, calm, el, hueOf } from "/parts.js";

const MOST = 200; // lines and cards
const HER = 0;
const PARTIAL_MS = 8000; // without news: it came to nothing
const overlay = document.documentElement.classList.contains("overlay");
const OLD_MS = 10000; // of a caption in OBS

const log = $("log");
const live = $("live");
const scroll = $("scroll");
const saying = new Map(); // "place who" → {element, timer}
export const state = { place: "", her: "her", you: "" };

let follows = true;
scroll.addEventListener("scroll", () => {
  follows = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  $("latest").hidden = follows;
});
$("latest").addEventListener("click", () => toEnd());
new ResizeObserver(() => follows && toEnd(true)).observe(scroll);

function toEnd(now = false) {
  scroll.scrollTo({ top: scroll.scrollHeight, behavior: now || calm.matches ? "auto" : "smooth" });
  follows = true;
  $("latest").hidden = true;
}

function settle() {
  while (log.children.length > MOST) log.firstElementChild.remove();
  let before = null;
  for (const one of log.children) {
    if (one.hidden) continue;
    one.classList.toggle("goes-on", before !== null && one.dataset.who !== undefined && before.dataset.who === one.dataset.who && before.dataset.place === one.dataset.place);
    before = one;
  }
  $("empty").hidden = Boolean(log.querySelector(":scope > :not([hidden])")) || live.childElementCount > 0;
  if (follows) toEnd(true);
}

const nameOf = (message) => (message.who === HER ? state.her : message.name);

function shape(message) {
  const is = message.who === HER ? "line her" : "line";
  const name = el("span", { class: "name" }, nameOf(message));
  const made = el("article", { class: is, "data-place": message.place, "data-who": String(message.who) }, name);
  made.style.setProperty("--hue", String(hueOf(message.who)));
  made.hidden = message.place !== state.place;
  return made;
}

export function line(message) {
  if (log.querySelector(`[data-number="${message.number}"]`)) return;
  const text = message.cut ? `${message.text.trimEnd()}—` : message.text;
  const made = shape(message);
  made.dataset.number = String(message.number);
  made.append(el("p", {}, text || "…"));
  const marks = [];
  if (message.kind === "reply" && message.emotion !== "neutral") marks.push(message.emotion);
  if (message.cut) marks.push(message.text ? "cut off" : "interrupted");
  if (message.typed && message.name !== state.you) marks.push("written");
  if (marks.length) made.append(el("span", { class: "marks" }, marks.join(", ")));
  quiet(message.place, message.who);
  log.append(made);
  settle();
  if (overlay) setTimeout(() => made.classList.add("old"), Math.max(OLD_MS, text.length * 80));
}

/** Somebody is speaking; `stable` will not change any more. */
export function hearing(message) {
  const { element } = said(message);
  element.querySelector("p").replaceChildren(message.stable, el("span", { class: "tentative" }, join(message.stable, message.tentative)));
  after();
}

/** A piece of what she says. */
export function speaking(message) {
  const { element } = said({ ...message, who: HER });
  element.querySelector("p").append(message.text);
  after();
}

const join = (before, then) => (before && then && !/\s$/u.test(before) ? ` ${then}` : then);

function said(message) {
  const key = `${message.place} ${message.who}`;
  let one = saying.get(key);
  if (!one) {
    one = { element: shape(message) };
    one.element.append(el("p"));
    one.element.classList.add("now");
    live.append(one.element);
    saying.set(key, one);
  }
  clearTimeout(one.timer);
  one.timer = setTimeout(() => quiet(message.place, message.who), PARTIAL_MS);
  return one;
}

function after() {
  $("empty").hidden = true;
  if (follows) toEnd(true);
}

export function quiet(place, who) {
  const key = `${place} ${who}`;
  const one = saying.get(key);
  if (one) {
    clearTimeout(one.timer);
    one.element.remove();
    saying.delete(key);
  }
}

/** Who speaks now, in the place that is shown: their numbers. */
export const speakers = () => [...saying.keys()].filter((key) => key.slice(0, key.lastIndexOf(" ")) === state.place).map((key) => Number(key.slice(key.lastIndexOf(" ") + 1)));

export function card(made) {
  log.append(made);
  settle();
  toEnd();
}

export function drop(numbers) {
  for (const number of numbers) log.querySelector(`[data-number="${number}"]`)?.remove();
  settle();
}

/** Something is forgotten: nothing half said stays, and no answer that may hold it. */
export function forgotten() {
  for (const key of [...saying.keys()]) {
    const at = key.lastIndexOf(" ");
    quiet(key.slice(0, at), Number(key.slice(at + 1)));
  }
  for (const one of log.querySelectorAll(".card")) if (!one.querySelector("[data-busy]")) one.remove();
  settle();
}

/** All that there is, instead of what is shown; answers to commands stay. */
export function again(lines) {
  for (const one of [...log.querySelectorAll(".line")]) one.remove();
  const cards = [...log.children];
  for (const one of lines) line(one);
  log.append(...cards);
  settle();
}

export function show(place) {
  state.place = place;
  for (const one of [...log.children, ...live.children]) one.hidden = one.dataset.place !== undefined && one.dataset.place !== place;
  settle();
}
