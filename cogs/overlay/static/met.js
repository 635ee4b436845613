// Somebody is met: a card that slides in, the history of such, and what can be done about it.
import { $, el, hueOf } from "/parts.js";

const STAYS_MS = 15000;
const NOTICE_MS = 8000;
const MOST_CARDS = 3; // at once
const NAME_CHARACTERS = 80;

/** `send` tells her; `history` is what she last told of those she met. */
export function met({ send }) {
  const region = $("met-cards");
  let history = [];
  const whys = new Map(); // card's number → what waits for it
  const offered = new Set(); // tracks

  // What slides in

  function slide(card, stays = STAYS_MS) {
    region.querySelector(`[data-key="${card.dataset.key}"]`)?.remove();
    region.prepend(card);
    while (region.children.length > MOST_CARDS) region.lastElementChild.remove();
    let timer = 0;
    const away = () => card.remove();
    const wait = () => {
      clearTimeout(timer);
      if (!card.matches(":hover, :focus-within")) timer = setTimeout(away, stays);
    };
    const stay = () => clearTimeout(timer);
    card.addEventListener("pointerenter", stay);
    card.addEventListener("focusin", stay);
    card.addEventListener("pointerleave", wait);
    card.addEventListener("focusout", () => setTimeout(wait, 0));
    card.addEventListener("keydown", (event) => event.key === "Escape" && away());
    wait();
  }

  function framed(key, title, ...inside) {
    const close = el("button", { type: "button", class: "close", "aria-label": `Put away: ${title}` }, "×");
    const made = el("article", { class: "met", "data-key": key, "aria-atomic": "true" }, close, ...inside);
    close.addEventListener("click", () => made.remove());
    return made;
  }

  function notice(text) {
    slide(framed("notice", "this notice", el("p", {}, text)), NOTICE_MS);
  }

  /** Once for each track. */
  function stranger(track) {
    if (offered.has(track)) return;
    offered.add(track);
    const enrol = el("button", { type: "button", class: "push" }, "Get to know them…");
    enrol.addEventListener("click", () => ask.enrol(track));
    slide(framed(`stranger ${track}`, "somebody unknown", el("p", {}, "There is somebody I do not know."), el("div", { class: "row" }, enrol)), STAYS_MS * 2);
  }

  const gone = (track) => region.querySelector(`[data-key="stranger ${track}"]`)?.remove();

  function come(card) {
    slide(framed(`card ${card.number}`, card.name, ...about(card, "h2")));
  }

  // Somebody

  function about(card, heading) {
    const title = el(heading, { class: "name" }, card.name);
    if (card.who !== null) title.style.setProperty("--hue", String(hueOf(card.who)));
    const said = card.statements.map((text, number) => statement(card, text, number));
    const where = [card.sure, heading === "h2" ? `since ${card.since}` : card.when, card.where].filter(Boolean);
    return [title, el("p", { class: "source" }, where.join(" · ")), ...said, actions(card)];
  }

  function statement(card, text, number) {
    const sources = el("div", { class: "source" }, el("p", {}, "…"));
    const why = el("details", {}, el("summary", {}, "Why"), sources);
    why.addEventListener("toggle", () => {
      if (!why.open) return;
      whys.set(card.number, [...(whys.get(card.number) ?? []), { number, sources }]);
      send({ do: "why", card: card.number });
    });
    return el("div", { class: "statement" }, el("p", {}, text), why);
  }

  function told(message) {
    for (const { number, sources } of whys.get(message.card) ?? []) {
      const lines = message.whys[number] ?? [];
      sources.replaceChildren(...(lines.length ? lines : ["That is gone."]).map((line) => el("p", {}, line)));
    }
    whys.delete(message.card);
  }

  function actions(card) {
    if (card.who === null || !acts) return "";
    const button = (label, does, kind = "") => {
      const made = el("button", { type: "button", class: `push ${kind}`, "aria-label": `${label} (${card.name})` }, label);
      made.addEventListener("click", does);
      return made;
    };
    return el(
      "details",
      { class: "changes" },
      el("summary", {}, "Not right?"),
      el(
        "div",
        { class: "row" },
        button("Merge…", () => ask.merge(card)),
        button("Split", () => send({ do: "split", who: card.who })),
        button("Forget…", () => ask.forget(card), "danger"),
      ),
    );
  }

  // What is asked first

  function dialog(title, does, inside, send = "Send", kind = "primary") {
    const leave = el("button", { type: "button", class: "push plain" }, "Leave it");
    const done = el("button", { type: "submit", class: `push ${kind}` }, send);
    const form = el("form", { method: "dialog" }, el("h2", { id: "met-asks" }, title), ...inside, el("div", { class: "row" }, done, leave));
    const made = el("dialog", { class: "met-asks", "aria-labelledby": "met-asks" }, form);
    leave.addEventListener("click", () => made.close());
    form.addEventListener("submit", does);
    made.addEventListener("close", () => made.remove());
    document.body.append(made);
    made.showModal();
  }

  const ask = {
    enrol(track) {
      const name = el("input", { id: "met-name", type: "text", required: true, maxLength: NAME_CHARACTERS, autocomplete: "off" });
      const agreed = el("input", { id: "met-agreed", type: "checkbox", required: true });
      dialog(
        "Who is it?",
        () => {
          if (send({ do: "enrol", track, name: name.value, agreed: agreed.checked })) notice("One moment: please look into the camera.");
        },
        [
          el("div", { class: "field" }, el("label", { for: "met-name" }, "Their name"), name),
          el("p", {}, "I keep their name, a template of their face (numbers, no picture) and when we meet, sealed, until they have it forgotten; they have to say yes themselves."),
          el("p", {}, el("label", { class: "tick" }, agreed, " They have agreed, in front of the camera")),
        ],
        "Get to know them",
      );
    },
    forget(card) {
      dialog(`Forget ${card.name}?`, () => send({ do: "forget", who: card.who }), [el("p", {}, "What I keep of them is erased, their face with it; that cannot be undone.")], "Forget them", "danger");
    },
    merge(card) {
      const others = new Map(history.filter((one) => one.who !== null && one.who !== card.who).map((one) => [one.who, one.name]));
      if (!others.size) {
        notice("I have met nobody else whom that could be.");
        return;
      }
      const list = el("select", { id: "met-other" }, ...[...others].map(([who, name]) => el("option", { value: String(who) }, name)));
      dialog(
        `Who is ${card.name} as well?`,
        () => send({ do: "merge", who: card.who, gone: Number(list.value) }),
        [el("div", { class: "field" }, el("label", { for: "met-other" }, "The same person as"), list), el("p", {}, `Both are one from then on, called ${card.name}; Split undoes it.`)],
        "Merge",
      );
    },
  };

  // The history

  let acts = false; // something can be done about it

  function show(all) {
    history = all;
    const list = $("encounters");
    const there = new Map([...list.querySelectorAll("article")].map((one) => [one.dataset.is, one]));
    const entries = all.map((card) => {
      const is = JSON.stringify([card, acts]);
      return there.get(is) ?? el("article", { class: "memory", "data-is": is }, ...about(card, "h3")); // what is open stays so
    });
    list.replaceChildren(...(entries.length ? entries : [el("p", { class: "quiet" }, "Nobody yet.")]));
  }

  return {
    come,
    stranger,
    gone,
    notice,
    show,
    told,
    enrol: ask.enrol,
    act: (may) => (acts = may),
    forget() {
      region.replaceChildren();
      document.querySelector("dialog.met-asks")?.close();
      whys.clear();
    },
  };
}
