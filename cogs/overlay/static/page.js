// The page's one connection, and what becomes of each message.
import { cards } from "/cards.js";
import { composer } from "/composer.js";
import { door, token } from "/door.js";
import * as face from "/face.js";
import { faces } from "/faces.js";
import * as log from "/log.js";
import * as panel from "/panel.js";
import { $, el } from "/parts.js";
import * as sound from "/sound.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30000;
const NO_LEAVE = 4401;
const PICTURE = 0xffffffff; // where a block of sound has its stretch's number
const TYPED_MS = 120000; // so long a line may be thought about: what is typed is answered, what is said may be for others
const SAID_MS = 8000;
const HINT = "Hold the microphone, or Space, to talk";
const overlay = document.documentElement.classList.contains("overlay");

let socket = null;
let waits = FIRST_WAIT_MS;
let retry = 0;
let people = {};
let recalled = {};
let timings = {};
let moods = {};
let here = "";
let requests = 0;
let thinkingUntil = 0;
let forgot = ""; // changes whenever something is forgotten
const hosts = new Map(); // request → where its answer goes

const send = (message) => socket?.readyState === WebSocket.OPEN && (socket.send(message instanceof ArrayBuffer ? message : JSON.stringify(message)), true);

// Talking

const text = composer({
  say: (line) => send({ do: "say", text: line }) || told("She cannot be reached just now; your line is still here.", line),
  run: (line) => ask({ do: "run", line }, shown.card(line)),
  suggest: (line) => send({ do: "suggest", line }),
});
const shown = cards({ ask, write: (line) => text.write(line), place: (made) => log.card(made) });

function ask(message, host) {
  const request = String((requests += 1));
  hosts.set(request, host);
  if (hosts.size > 100) hosts.delete(hosts.keys().next().value);
  if (!send({ ...message, request })) told("She cannot be reached just now; please try again in a moment.");
}

function told(line, back = "") {
  $("told").textContent = line;
  if (back && !$("words").value) text.write(back);
  clearTimeout(told.timer);
  told.timer = setTimeout(() => ($("told").textContent = ""), 12000);
}

// Her voice and the microphone

const her = sound.voice({ send, level: face.mouth });
const mic = sound.microphone({
  frame: (frame) => open && send(frame),
  level: (level) => $("microphone").style.setProperty("--level", (open ? Math.min(1, level * 2.5) : 0).toFixed(2)),
  lost: () => {
    listening(false);
    told("The microphone is gone; plug it in, then try again.");
  },
});
let open = false; // what is heard is sent
let handsFree = false;
let hears = false; // the page has the microphone
let holds = false;

function listening(on) {
  open = on;
  $("microphone").setAttribute("aria-pressed", String(on));
  document.body.classList.toggle("listening", on);
  if (!on) $("microphone").style.setProperty("--level", "0");
  state();
}

async function hear() {
  try {
    const rate = await mic.start();
    if (!hears) send({ do: "microphone", on: true, rate: Math.round(rate) });
    hears = true;
    if (!$("voice").hidden && $("voice").getAttribute("aria-pressed") !== "true") voiceHere(true);
    return true;
  } catch (error) {
    told(sound.whyNot(error));
    return false;
  }
}

function deaf() {
  if (hears) send({ do: "microphone", on: false });
  hears = false;
  mic.stop();
  listening(false);
}

async function hold() {
  if (handsFree || holds) return;
  holds = true;
  const heard = await hear();
  if (holds && heard) listening(true);
}

function letGo() {
  if (!holds) return;
  holds = false;
  if (open && !handsFree) {
    listening(false);
    send({ do: "pause" });
  }
}

async function setHandsFree(on) {
  if (on && !(await hear())) return;
  handsFree = on;
  $("hands-free").setAttribute("aria-pressed", String(on));
  $("microphone").title = on ? "Stop listening" : "Hold to talk";
  $("microphone").querySelector("span").textContent = $("microphone").title;
  if (on) listening(true);
  else deaf();
}

function voiceHere(on) {
  if (on) her.wake();
  else her.close();
  $("voice").setAttribute("aria-pressed", String(on));
  send({ do: "voice", on });
}

const button = $("microphone");
button.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || handsFree) return;
  button.setPointerCapture(event.pointerId);
  hold();
});
button.addEventListener("pointerup", letGo);
button.addEventListener("pointercancel", letGo);
button.addEventListener("contextmenu", (event) => event.preventDefault());
button.addEventListener("click", () => handsFree && setHandsFree(false));
button.addEventListener("keydown", (event) => {
  if ((event.key === "Enter" || event.key === " ") && !handsFree) {
    event.preventDefault();
    if (!event.repeat) hold();
  }
});
button.addEventListener("keyup", (event) => (event.key === "Enter" || event.key === " ") && letGo());
const elsewhere = (event) => event.key === " " && (["BODY", "MAIN"].includes(document.activeElement?.tagName ?? "BODY") || document.activeElement?.id === "scroll");
document.addEventListener("keydown", (event) => {
  if (elsewhere(event) && !$("composer").hidden && !button.hidden) {
    event.preventDefault();
    if (!event.repeat) hold();
  } else if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/u.test(document.activeElement?.tagName ?? "") && !$("composer").hidden) {
    event.preventDefault();
    text.write("/");
  }
});
document.addEventListener("keyup", (event) => event.key === " " && letGo());
window.addEventListener("blur", letGo);
$("hands-free").addEventListener("click", () => setHandsFree(!handsFree));
$("voice").addEventListener("click", () => voiceHere($("voice").getAttribute("aria-pressed") !== "true"));

// What is told

const seen = faces({ send, waits: () => socket?.bufferedAmount ?? 0 });
const tabs = panel.tabs(
  (command) => {
    const host = el("div", { class: "card panel" }, el("div", { class: "body" }));
    $("asked").replaceChildren(host);
    ask({ do: "run", line: command }, host);
  },
  (tab) => seen.looks(tab === "met"),
);

const takes = {
  hello(message) {
    if (forgot && forgot !== message.forgot) takes.forgotten();
    forgot = message.forgot;
    log.state.her = message.her;
    log.state.you = message.you ?? "";
    here = message.here ?? "";
    document.title = message.her;
    $("her").textContent = message.her;
    $("composer").hidden = !message.commands;
    $("door").hidden = true;
    text.know(message.commands ?? []);
    tabs.offer(message.commands ?? []);
    seen.hello(message);
    people = message.people ?? {};
    recalled = message.recalled ?? {};
    places(message.places);
    log.again(message.lines);
    for (const line of message.lines) note(line);
    $("empty-title").textContent = message.commands ? `Say hello to ${message.her}` : "Nothing is being said";
    $("empty-text").textContent = message.why || (message.commands ? "" : "As soon as somebody talks with her, it shows here.");
    if (message.commands) takes.senses(message);
    ideas(Boolean(message.commands));
    if (message.lost) told(`This page was too slow for ${message.lost} messages; it shows again what there is.`);
    refresh();
  },
  senses(message) {
    for (const one of [$("microphone"), $("hands-free")]) one.hidden = !message.hears;
    $("voice").hidden = !message.speaks;
    $("hint").textContent = message.note || (message.hears ? HINT : "");
    $("hint").classList.toggle("note", Boolean(message.note));
    $("empty-text").textContent = message.hears ? "Type below, or hold the microphone and talk." : "Type below; / lists what else she can do.";
  },
  places: (message) => places(message.places),
  people(message) {
    people = message.people;
    refresh();
  },
  line(message) {
    note(message);
    log.line(message);
    if (message.kind === "line") thinkingUntil = Date.now() + (message.typed ? TYPED_MS : SAID_MS);
    refresh();
  },
  hearing(message) {
    log.hearing(message);
    state();
  },
  speaking(message) {
    log.speaking(message);
    state();
  },
  failed(message) {
    thinkingUntil = 0;
    if (message.place === log.state.place) told(message.text);
  },
  drop: (message) => log.drop(message.numbers),
  forgotten() {
    log.forgotten();
    seen.forgotten();
    recalled = {};
    text.forget();
    if (!$("asked").querySelector("[data-busy]")) {
      $("asked").replaceChildren();
      tabs.again();
    }
    refresh();
  },
  recalled(message) {
    recalled = message.recalled;
    refresh();
  },
  answer(message) {
    const there = message.messages.some((one) => document.querySelector(`[data-message="${CSS.escape(one.id)}"]`));
    if (!message.request && !there && !hosts.size) return; // it is for another page
    const host = hosts.get(message.request) ?? shown.card("Later");
    idle(host);
    shown.show(message, host);
    if (!message.request && !host.querySelector(".body").childElementCount) host.remove();
    if (message.request) setTimeout(() => host.scrollIntoView?.({ block: "nearest" }), 0);
  },
  suggestions: (message) => text.proposed(message.line, message.choices),
  told(message) {
    if (message.about === "faces") return seen.told(message.text);
    const host = hosts.get(message.request);
    if (host) idle(host);
    const body = host?.querySelector(".body");
    if (body && (host.hidden || host.classList.contains("panel"))) {
      body.append(el("p", {}, message.text));
      host.hidden = false;
    } else told(message.text);
    return undefined;
  },
  microphone(message) {
    if (message.on) return;
    hears = false;
    handsFree = false;
    $("hands-free").setAttribute("aria-pressed", "false");
    deaf();
    if (message.why) told(message.why);
  },
  voice(message) {
    if (message.on) return;
    $("voice").setAttribute("aria-pressed", "false");
    her.close();
    if (message.why) told(message.why);
  },
  sound: (message) => her.begin(message.rate),
  stop: (message) => her.stop(message.stretch),
  duck: (message) => her.duck(message.on),
  ...seen.takes,
};

const idle = (host) => host.querySelectorAll("[data-busy]").forEach((one) => delete one.dataset.busy);

function note(line) {
  if (line.kind !== "reply") return;
  moods[line.place] = line.emotion;
  timings[line.place] = line.timings;
  thinkingUntil = 0;
}

function places(all) {
  const select = $("place");
  const known = all.map((one) => one.key);
  if (!known.includes(log.state.place)) log.show(here || known[0] || "");
  select.replaceChildren(...all.map((one) => el("option", { value: one.key, selected: one.key === log.state.place }, one.name)));
  select.hidden = all.length < 2;
  refresh();
}

$("place").addEventListener("change", () => {
  log.show($("place").value);
  refresh();
});

function refresh() {
  const place = log.state.place;
  face.mood(moods[place] ?? "neutral");
  panel.recalled(recalled[place]);
  panel.times(timings[place]);
  const there = people[place] ?? [];
  $("people").textContent = there.length > 1 ? `with ${there.join(", ")}` : "";
  state();
}

/** What she is doing, in a word. */
function state() {
  if (socket?.readyState !== WebSocket.OPEN) return;
  const who = log.speakers();
  const mood = moods[log.state.place] ?? "neutral";
  const doing = who.includes(0) ? "speaking" : who.length || open ? "listening" : Date.now() < thinkingUntil ? "thinking" : "here";
  const words = { speaking: "speaking", listening: "listening", thinking: "thinking", here: "here" };
  document.body.dataset.state = doing;
  $("state").textContent = [words[doing], mood === "neutral" ? "" : mood].filter(Boolean).join(", ");
}
setInterval(state, 1000);

function ideas(acts) {
  const lines = acts ? ["What do you remember about me?", "/journal search ", "/consent show", "/privacy"] : [];
  $("ideas").replaceChildren(
    ...lines.map((line) => {
      const made = el("button", { type: "button", class: "idea" }, line.trim());
      made.addEventListener("click", () => text.write(line));
      return made;
    }),
  );
}

// The connection

function connect() {
  retry = 0;
  socket = new WebSocket(`ws://${location.host}/live`);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => send({ do: "hello", token: token(), overlay }));
  socket.addEventListener("message", ({ data }) => {
    if (data instanceof ArrayBuffer) return new DataView(data).getUint32(0) === PICTURE ? seen.picture(data.slice(4)) : her.take(data);
    waits = FIRST_WAIT_MS;
    const message = JSON.parse(data);
    takes[message.do]?.(message);
    return undefined;
  });
  socket.addEventListener("close", ({ code }) => {
    document.body.dataset.state = "away";
    handsFree = false;
    $("hands-free").setAttribute("aria-pressed", "false");
    $("voice").setAttribute("aria-pressed", "false");
    if (hears || open) deaf();
    her.close();
    log.forgotten();
    seen.away();
    if (code === NO_LEAVE) {
      door("This page needs its address", "Open the address that she told when she was started, or put it in here: it has the token that this page asks for.");
      return;
    }
    $("state").textContent = "away; this page looks for her";
    retry = setTimeout(connect, waits * (0.75 + Math.random() / 2));
    waits = Math.min(waits * 1.7, LONGEST_WAIT_MS);
  });
}

$("door-form").addEventListener("submit", connect);
document.addEventListener("visibilitychange", () => {
  if (document.hidden || socket?.readyState !== WebSocket.CLOSED || !retry) return;
  clearTimeout(retry);
  connect();
});
connect();
