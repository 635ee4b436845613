// Discord's Markdown, as her answers have it, becomes elements. Nothing in it can be anything else.
import { el } from "/parts.js";

const INLINE = new RegExp(
  [
    String.raw`\\(?<plain>[^\sA-Za-z0-9])`,
    String.raw`\*\*(?<bold>(?:\\.|[^\\])+?)\*\*`,
    String.raw`__(?<under>(?:\\.|[^\\])+?)__`,
    String.raw`~~(?<gone>(?:\\.|[^\\])+?)~~`,
    String.raw`\*(?<lean>(?:\\.|[^\\*])+?)\*`,
    "`(?<code>[^`]+)`",
    String.raw`<(?:@!?|#|@&)(?<mention>\d+)>`,
    String.raw`<\/(?<command>[^:>]+):\d+>`,
    String.raw`<t:(?<time>-?\d+)(?::(?<style>\w))?>`,
    String.raw`<a?(?<emoji>:\w+:)\d+>`,
    String.raw`\[(?<label>[^\]\n]+)\]\((?<link>https?:\/\/[^)\s]+)\)`,
  ].join("|"),
  "gu",
);

/** `command` is given each command that is named, and may return a button for it. */
export function inline(text, names, command) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    found.push(text.slice(end, match.index));
    found.push(piece(match.groups, names, command));
    end = match.index + match[0].length;
  }
  found.push(text.slice(end));
  return found.filter((one) => one !== "").map((one) => (typeof one === "string" ? one.replaceAll("\u200b", "") : one));
}

function piece(is, names, command) {
  const inside = (text) => inline(text, names, command);
  if (is.plain !== undefined) return is.plain;
  if (is.bold) return el("strong", {}, ...inside(is.bold));
  if (is.under) return el("u", {}, ...inside(is.under));
  if (is.gone) return el("s", {}, ...inside(is.gone));
  if (is.lean) return el("em", {}, ...inside(is.lean));
  if (is.code) return is.code.startsWith("/") ? command(is.code) : el("code", {}, is.code);
  if (is.mention) return el("span", { class: "mention" }, names[is.mention] ?? "somebody");
  if (is.command) return command(`/${is.command}`);
  if (is.time) return new Date(Number(is.time) * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  if (is.emoji) return is.emoji;
  return el("span", {}, `${is.label} (${is.link})`); // nothing here opens a page elsewhere
}

/** Paragraphs, lists, quotes and headings. */
export function blocks(text, names, command) {
  const made = [];
  let list = null;
  let lines = [];
  const end = () => {
    if (lines.length) {
      const paragraph = el("p");
      lines.forEach((line, number) => paragraph.append(...(number ? [el("br")] : []), ...inline(line, names, command)));
      made.push(paragraph);
    }
    lines = [];
  };
  for (const line of text.split("\n")) {
    const item = /^\s*[-*] (.*)$/u.exec(line);
    const quote = /^> ?(.*)$/u.exec(line);
    const heading = /^(?:#{1,3}|-#) (.*)$/u.exec(line);
    if (item) {
      end();
      if (!list) made.push((list = el("ul")));
      list.append(el("li", {}, ...inline(item[1], names, command)));
      continue;
    }
    list = null;
    if (quote || heading) {
      end();
      made.push(el(quote ? "blockquote" : "h4", {}, ...inline((quote ?? heading)[1], names, command)));
    } else if (line.trim() === "") end();
    else lines.push(line);
  }
  end();
  return made;
}
