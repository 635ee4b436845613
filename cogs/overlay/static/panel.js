// Beside the conversation: what came to her mind and why, how long a reply took, and her memory.
import { $, el } from "/parts.js";

const STAGES = [
  ["text_ms", "heard", "from your last word to its text"],
  ["end_of_turn_ms", "sure that you are done", "from your last word"],
  ["llm_first_token_ms", "first word", "from asking her model"],
  ["llm_first_clause_ms", "first clause", "from asking her model"],
  ["tts_first_audio_ms", "its sound", "from the first clause"],
  ["llm_ms", "all of it written", "from asking her model"],
];
const FULL_MS = 1500; // the bars' length

export function recalled(found) {
  const list = $("recalled");
  if (!found || !(found.memories.length || found.known)) {
    list.replaceChildren(el("p", { class: "quiet" }, found ? "Nothing came to her mind for her last reply." : "Nothing yet. What comes to her mind for a reply shows here, and why."));
    return;
  }
  const shown = found.memories.map((one) => {
    const reasons = one.reasons.map((reason) => {
      const made = el("span", { class: "reason" }, `${reason.name} ${reason.points > 0 ? "+" : ""}${reason.points.toFixed(2)}`);
      return made;
    });
    return el(
      "article",
      { class: "memory" },
      el("p", {}, one.text),
      el("p", { class: "source" }, `${one.who ? `${one.who} said` : "Her note"}, ${one.when}, ${one.from}`),
      el("details", {}, el("summary", {}, `Why: ${one.score.toFixed(2)}`), el("div", { class: "reasons" }, ...reasons), ...one.sources.map((line) => el("p", { class: "source" }, line))),
    );
  });
  const hidden = found.all - found.memories.length;
  if (found.known) shown.push(el("p", { class: "quiet" }, "Besides she had in mind what she knows of whoever is there."));
  if (hidden > 0) shown.push(el("p", { class: "quiet" }, `${hidden} more that is not for you, or is gone.`));
  list.replaceChildren(...shown);
}

export function times(timings) {
  const rows = STAGES.filter(([name]) => timings?.[name] !== undefined).map(([name, label, more]) => row(label, more, timings[name]));
  const whole = timings?.voice_to_voice_ms;
  if (whole !== undefined) rows.push(row("voice to voice", "from your last word to her first", whole, "whole"));
  if (rows.length) $("times").replaceChildren(el("dl", {}, ...rows.flat()));
}

function row(label, more, ms, is = "") {
  const bar = el("span", { class: "bar" });
  bar.style.setProperty("--part", `${Math.min(100, (ms / FULL_MS) * 100)}%`);
  return [el("dt", { class: is, title: more }, label), el("dd", { class: is }, bar, el("span", { class: "ms" }, ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`))];
}

/** Tabs: `open` is told which command fills one, `changed` which one is seen. */
export function tabs(open, changed) {
  const all = [...$("tabs").children];
  const narrow = matchMedia("(max-width: 60rem)");
  let now = "";

  function choose(tab, focus = true) {
    now = tab.dataset.tab;
    for (const one of all) {
      one.setAttribute("aria-selected", String(one === tab));
      one.tabIndex = one === tab ? 0 : -1;
    }
    document.body.dataset.view = now === "talk" ? "talk" : "panel";
    if (now !== "talk") {
      $("panel").setAttribute("aria-labelledby", tab.id);
      for (const id of ["now", "met"]) $(id).hidden = now !== id;
      $("asked").hidden = !tab.dataset.command;
      if (tab.dataset.command) open(tab.dataset.command);
    }
    changed(now);
    if (focus) tab.focus();
  }

  for (const tab of all) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const seen = all.filter((one) => one.offsetParent !== null);
      const at = seen.indexOf(tab);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: seen.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      choose(seen[(to + seen.length) % seen.length]);
    });
  }
  const fit = () => {
    if (narrow.matches ? now === "" || now === "now" : now === "" || now === "talk") choose($(narrow.matches ? "tab-talk" : "tab-now"), false);
  };
  narrow.addEventListener("change", fit);
  fit();
  return {
    offer: (commands) => {
      for (const tab of all) if (tab.dataset.command) tab.hidden = !commands.some((one) => one.name === tab.dataset.command);
    },
    current: () => now,
    again: () => {
      const tab = all.find((one) => one.dataset.tab === now);
      if (tab?.dataset.command) open(tab.dataset.command);
    },
  };
}
