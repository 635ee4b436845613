"""Discord's Markdown as HTML, as far as she uses it. Pure."""

from __future__ import annotations

import re
from html import escape

_INLINE = re.compile(
    r"\\(?P<plain>[^\w\s])"
    r"|`(?P<code>[^`\n]+)`"
    r"|\*\*(?P<bold>(?:\\.|[^\\\n])+?)\*\*"
    r"|__(?P<underlined>(?:\\.|[^\\\n])+?)__"
    r"|~~(?P<struck>(?:\\.|[^\\\n])+?)~~"
    r"|\*(?P<stressed>(?=\S)(?:\\.|[^\\\n*])+?)\*"
    r"|<(?P<mention>[@#][^<>\n]+)>"
)
_TAGS = {"code": "code", "bold": "strong", "underlined": "u", "struck": "s", "stressed": "em"}
_BLOCKS = (  # what a line begins with, and what it is then
    (re.compile(r"> ?"), "blockquote"),
    (re.compile(r"[-*] (?=\S)"), "li"),
    (re.compile(r"#{1,3} (?=\S)"), "h3"),
)


def html(text: str) -> str:
    """All of it, block by block."""
    blocks: list[tuple[str, list[str]]] = []
    for line in text.split("\n"):
        kind, words = _block(line)
        if blocks and blocks[-1][0] == kind:
            blocks[-1][1].append(inline(words))
        else:
            blocks.append((kind, [inline(words)]))
    return "".join(_joined(kind, lines) for kind, lines in blocks)


def inline(text: str) -> str:
    """What stands on one line."""
    parts, at = [], 0
    for match in _INLINE.finditer(text):
        parts += [escape(text[at : match.start()]), _marked(match)]
        at = match.end()
    return "".join([*parts, escape(text[at:])])


def _marked(match: re.Match[str]) -> str:
    kind, words = match.lastgroup or "", match[match.lastgroup or 0]
    if kind == "plain":
        return escape(words)
    if kind == "mention":
        return f'<span class="mention">{escape(words)}</span>'
    inner = escape(words) if kind == "code" else inline(words)
    return f"<{_TAGS[kind]}>{inner}</{_TAGS[kind]}>"


def _block(line: str) -> tuple[str, str]:
    for begins, kind in _BLOCKS:
        if match := begins.match(line):
            return kind, line[match.end() :]
    return "p", line


def _joined(kind: str, lines: list[str]) -> str:
    match kind:
        case "li":
            return f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>"
        case "h3":
            return "".join(f"<h3>{line}</h3>" for line in lines)
        case "blockquote":
            return f"<blockquote>{'<br>'.join(lines)}</blockquote>"
    return f"<p>{'<br>'.join(lines)}</p>"
