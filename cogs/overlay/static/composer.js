// The text box: what is typed is said to her, or is a command, which is proposed as it is typed.
import { $, el } from "/parts.js";

const MOST_SHOWN = 8;
const WAIT_MS = 180;

const words = $("words");
const list = $("suggestions");

/** `say` and `run` take a line, `suggest` asks for values that may follow in one. */
export function composer({ say, run, suggest }) {
  let commands = [];
  let shown = [];
  let at = -1;
  let timer = 0;
  const past = [];
  let back = 0;

  function fit() {
    words.style.height = "auto";
    words.style.height = `${Math.min(words.scrollHeight, 160)}px`;
  }

  function write(line) {
    words.value = line;
    fit();
    words.focus();
    look();
  }

  function send() {
    const line = words.value.trim();
    if (!line) return;
    past.push(line);
    if (past.length > 50) past.shift();
    back = past.length;
    words.value = "";
    fit();
    offer([]);
    (line.startsWith("/") ? run : say)(line);
  }

  function look() {
    clearTimeout(timer);
    const line = words.value;
    if (!line.startsWith("/") || line.includes("\n")) return offer([]);
    const typed = line.toLowerCase();
    const found = commands.filter((one) => one.name.startsWith(typed.trimEnd()) && one.name !== typed.trimEnd());
    const whole = commands.find((one) => typed === one.name || typed.startsWith(`${one.name} `));
    if (whole) {
      offer([...(typed.endsWith(" ") || typed !== whole.name ? [] : found.map(asChoice)), { label: whole.usage, more: whole.description, line: null }]);
      if (whole.suggests || whole.takes) timer = setTimeout(() => suggest(line), WAIT_MS);
    } else {
      const near = found.length ? found : commands.filter((one) => one.name.includes(typed.slice(1).trim()));
      offer(near.slice(0, MOST_SHOWN).map(asChoice));
    }
  }

  const asChoice = (one) => ({ label: one.usage, more: one.description, line: one.takes ? `${one.name} ` : one.name });

  function offer(found) {
    shown = found;
    at = -1;
    list.replaceChildren(
      ...found.map((one, number) => {
        const option = el("div", { role: "option", id: `suggestion-${number}`, class: one.line === null ? "usage" : "", "aria-selected": "false" }, el("b", {}, one.label), one.more ? el("span", {}, one.more) : "");
        if (one.line === null) option.setAttribute("aria-disabled", "true");
        option.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          take(number);
        });
        return option;
      }),
    );
    list.hidden = found.length === 0;
    words.setAttribute("aria-expanded", String(found.length > 0));
    words.removeAttribute("aria-activedescendant");
  }

  function move(step) {
    const may = shown.map((one, number) => (one.line === null ? -1 : number)).filter((number) => number >= 0);
    if (!may.length) return;
    const now = may.indexOf(at);
    at = may[(now + step + may.length + (now < 0 && step < 0 ? 1 : 0)) % may.length];
    [...list.children].forEach((one, number) => one.setAttribute("aria-selected", String(number === at)));
    words.setAttribute("aria-activedescendant", `suggestion-${at}`);
    list.children[at].scrollIntoView({ block: "nearest" });
  }

  function take(number) {
    const line = shown[number]?.line;
    if (line === null || line === undefined) return;
    write(line);
    if (!line.endsWith(" ") && shown.every((one) => one.line === null)) offer([]);
  }

  words.addEventListener("input", () => {
    fit();
    look();
  });
  words.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (at >= 0) take(at);
      else send();
    } else if (event.key === "Tab" && !event.shiftKey && !list.hidden && shown.some((one) => one.line !== null)) {
      event.preventDefault();
      if (at < 0) move(1);
      take(at);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!list.hidden) {
        event.preventDefault();
        move(event.key === "ArrowDown" ? 1 : -1);
      } else if (past.length && !words.value.includes("\n") && (event.key === "ArrowUp" ? back > 0 : back < past.length)) {
        event.preventDefault();
        back += event.key === "ArrowUp" ? -1 : 1;
        words.value = past[back] ?? "";
        fit();
      }
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      offer([]);
    }
  });
  words.addEventListener("blur", () => setTimeout(() => document.activeElement !== words && offer([]), 150));
  $("typing").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
    words.focus();
  });

  return {
    write,
    know: (known) => (commands = known),
    forget: () => past.splice(0),
    proposed(line, choices) {
      if (line !== words.value || document.activeElement !== words) return;
      const usage = shown.filter((one) => one.line === null);
      if (choices.length) offer([...choices.slice(0, MOST_SHOWN).map((one) => ({ label: one.label, line: one.line })), ...usage]);
    },
  };
}
