// Answers to commands: text, buttons, lists, files and forms.
import { $, el } from "/parts.js";
import { blocks } from "/markup.js";

/** `ask` sends a message for a host element, which is where the answer goes. */
export function cards({ ask, write, place }) {
  const command = (line) => {
    const button = el("button", { type: "button", class: "command" }, line);
    button.addEventListener("click", () => write(line));
    return button;
  };

  function message(one, names, host) {
    const made = el("div", { class: "message", "data-message": one.id });
    if (one.content) made.append(...blocks(one.content, names, command));
    for (const embed of one.embeds) {
      const inside = el("div", { class: "embed" });
      if (embed.title) inside.append(el("h3", {}, embed.title));
      if (embed.description) inside.append(...blocks(embed.description, names, command));
      for (const field of embed.fields ?? []) {
        inside.append(el("div", { class: "field" }, el("h4", {}, field.name), ...blocks(field.value, names, command)));
      }
      if (embed.footer?.text) inside.append(el("p", { class: "foot" }, embed.footer.text));
      made.append(inside);
    }
    for (const row of one.rows) {
      made.append(el("div", { class: "row" }, ...row.map((part) => control(part, one.id, host))));
    }
    return made;
  }

  function control(part, id, host) {
    if (part.kind === "button") {
      const button = el("button", { type: "button", class: `push ${part.style}`, disabled: part.off }, part.label || "…");
      button.addEventListener("click", () => {
        button.dataset.busy = "";
        ask({ do: "press", message: id, part: part.id, values: [] }, host);
      });
      return button;
    }
    return part.most > 1 ? several(part, id, host) : one(part, id, host);
  }

  function one(part, id, host) {
    const select = el("select", { disabled: part.off, "aria-label": part.hint || "Choose" });
    select.append(el("option", { value: "", disabled: true, selected: !part.options.some((it) => it.chosen) }, part.hint || "Choose…"));
    for (const it of part.options) {
      select.append(el("option", { value: it.value, selected: it.chosen }, it.more ? `${it.label} – ${it.more}` : it.label));
    }
    select.addEventListener("change", () => ask({ do: "press", message: id, part: part.id, values: [select.value] }, host));
    return select;
  }

  function several(part, id, host) {
    const boxes = part.options.map((it) => el("input", { type: "checkbox", value: it.value, checked: it.chosen }));
    const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
    const send = el("button", { type: "button", class: "push primary", disabled: part.off }, "Choose");
    send.addEventListener("click", () => chosen().length && chosen().length <= part.most && ask({ do: "press", message: id, part: part.id, values: chosen() }, host));
    const rows = part.options.map((it, number) => el("label", {}, boxes[number], ` ${it.label}`, it.more ? el("small", {}, ` ${it.more}`) : ""));
    return el("fieldset", {}, el("legend", {}, part.hint || `Up to ${part.most}`), ...rows, send);
  }

  /** Put an answer into its host, where messages that are there already take their new form. */
  function show(answer, host) {
    const body = host.querySelector(".body");
    for (const it of answer.messages) {
      const there = document.querySelector(`[data-message="${CSS.escape(it.id)}"]`);
      const made = it.gone ? null : message(it, answer.names, there?.closest(".card") ?? host);
      if (there && made) there.replaceWith(made);
      else if (there) there.remove();
      else if (made) body.append(made);
    }
    if (answer.text) body.append(el("pre", {}, answer.text));
    if (answer.choices.length) body.append(choices(answer.choices, host));
    for (const file of answer.files) {
      body.append(el("p", {}, el("a", { href: file.address, download: file.name, class: "push primary" }, `Save ${file.name}`), el("small", {}, " It is not encrypted.")));
    }
    if (answer.form) form(answer.form, host);
    if (!body.childElementCount) host.hidden = true;
    else host.hidden = false;
  }

  function choices(found, host) {
    const list = el("div", { class: "choices" });
    for (const choice of found) {
      const button = el("button", { type: "button", class: "choice" }, choice.label);
      button.addEventListener("click", () => {
        list.remove();
        ask({ do: "run", line: choice.line }, host);
      });
      list.append(button);
    }
    return list;
  }

  /** A form, in front of all else until it is sent or left. */
  function form(opened, host) {
    const fields = new Map();
    const inside = opened.fields.map((field, number) => {
      if (field.text) return el("p", {}, field.text);
      const id = `field-${opened.key}-${number}`;
      const about = { id, value: field.value, placeholder: field.hint, maxLength: field.most, required: field.least > 0 };
      const input = field.long ? el("textarea", { ...about, rows: 5 }) : el("input", { ...about, type: "text" });
      if (field.least > 1) input.minLength = field.least;
      fields.set(field.id, input);
      return el("div", { class: "field" }, el("label", { for: id }, field.label), input);
    });
    const leave = el("button", { type: "button", class: "push plain" }, "Leave as it is");
    const send = el("button", { type: "submit", class: "push primary" }, "Send");
    const title = el("h2", { id: `form-${opened.key}` }, opened.title);
    const made = el("form", { method: "dialog" }, title, ...inside, el("div", { class: "row" }, send, leave));
    const dialog = el("dialog", { "aria-labelledby": `form-${opened.key}` }, made);
    leave.addEventListener("click", () => dialog.close());
    made.addEventListener("submit", () => {
      const values = Object.fromEntries([...fields].map(([id, input]) => [id, input.value]));
      ask({ do: "fill", form: opened.key, values }, host);
    });
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  /** A place for an answer in the conversation. */
  function card(label) {
    const close = el("button", { type: "button", class: "close", "aria-label": "Put this answer away" }, "×");
    const made = el("article", { class: "card", "aria-label": `Answer to ${label}` }, el("div", { class: "label" }, el("span", {}, label), close), el("div", { class: "body" }));
    made.hidden = true;
    close.addEventListener("click", () => {
      made.remove();
      $("words").focus();
    });
    place(made);
    return made;
  }

  return { show, card };
}
