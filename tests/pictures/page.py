"""What somebody sees (``shown.py``) as a page that looks like Discord's. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from pathlib import Path

from tests.pictures.markdown import html, inline
from tests.pictures.shown import Json

WIDTH = 640  # pixels of a page
STYLE = (Path(__file__).parent / "style.css").read_text("utf-8")
STYLES = {1: "primary", 2: "secondary", 3: "success", 4: "danger"}  # of buttons
COLOURS = ("#5865f2", "#3ba55d", "#eb459e", "#faa61a")  # of those who have no picture
HERS = "#8b6bd9"
EYE = (
    '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.4"><circle cx="12" cy="12" r="3.2"/>'
    '<path d="M2 12s3.6-7 10-7 10 7 10 7-3.6 7-10 7-10-7-10-7Z"/></svg>'
)
LOUDSPEAKER = (
    '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.4"><path fill="currentColor" '
    'd="M11 4 6 8.5H2.5v7H6l5 4.5Z"/><path d="M15 8.5a5 5 0 0 1 0 7M18 5.5a9 9 0 0 1 0 13"/></svg>'
)


def page(seen: Json) -> str:
    """A channel with posts in it, or a form before it."""
    inside = _form(seen["form"]) if "form" in seen else _posts(seen["posts"])
    kind = LOUDSPEAKER if seen["voice"] else "#"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><style>{STYLE}</style>'
        f"<body><header><span>{kind}</span> {escape(seen['channel'])}</header><main>{inside}</main></body></html>"
    )


def fingerprint(html_page: str) -> str:
    return hashlib.sha256(html_page.encode()).hexdigest()


def _posts(posts: Sequence[Json]) -> str:
    firsts = [True, *(not _goes_on(before, post) for before, post in pairwise(posts))]
    return "".join(_post(post, first) for post, first in zip(posts, firsts, strict=True))


def _goes_on(before: Json, post: Json) -> bool:
    """Whether a post has no head of its own, as its author has written the one before it as well."""
    same = all(before.get(name) == post.get(name) for name in ("author", "only for"))
    return same and not {"used", "reply to"} & post.keys()


def _post(post: Json, first: bool) -> str:
    """``first``: of those in a row by the same author, which one head is enough for."""
    before, only = "", post.get("only for")
    if "used" in post:
        by = f"{_picture(post['by'], False)}<b>{escape(post['by'])}</b>"
        before = f'<div class="before">{by} used <b class="used">{escape(post["used"])}</b></div>'
    elif "reply to" in post:
        to = post["reply to"]
        by = f"{_picture(to['author'], False)}<b>@{escape(to['author'])}</b>"
        before = f'<div class="before">{by} {inline(to["content"])}</div>'
    tag = '<span class="tag">APP</span>' if post["bot"] else ""
    head = f'<div class="head"><b>{escape(post["author"])}</b>{tag}<time>{escape(post["at"])}</time></div>'
    parts = [
        f'<div class="content">{html(post["content"])}</div>' if "content" in post else "",
        *map(_embed, post.get("embeds", [])),
        *(f'<div class="file">📄 {escape(name)}</div>' for name in post.get("files", [])),
        *(f'<div class="row">{"".join(map(_component, row))}</div>' for row in post.get("rows", [])),
        f'<div class="only">{EYE} Only you can see this · <a>Dismiss message</a></div>' if only else "",
    ]
    kind = "private" if only else ""
    if not first:
        return f'<article class="{kind} goes-on"><div class="body">{"".join(parts)}</div></article>'
    return (
        f'<article class="{kind}">{before}<div class="whole">{_picture(post["author"], post["bot"])}'
        f'<div class="body">{head}{"".join(parts)}</div></div></article>'
    )


def _picture(name: str, hers: bool) -> str:
    colour = HERS if hers else COLOURS[sum(name.encode()) % len(COLOURS)]
    return f'<span class="picture" style="background:{colour}">{escape(name[:1])}</span>'


def _embed(embed: Json) -> str:
    colour = f"#{embed['color']:06x}" if "color" in embed else "#1e1f22"
    fields = "".join(
        f'<section><h4>{inline(one["name"])}</h4><div class="value">{html(one["value"])}</div></section>'
        for one in embed.get("fields", [])
    )
    parts = [
        f"<h3>{inline(embed['title'])}</h3>" if "title" in embed else "",
        f'<div class="description">{html(embed["description"])}</div>' if "description" in embed else "",
        fields,
        f"<footer>{escape(embed['footer'])}</footer>" if "footer" in embed else "",
    ]
    return f'<div class="embed" style="border-color:{colour}">{"".join(parts)}</div>'


def _component(component: Json) -> str:
    if "select" in component:
        return f'<span class="select">{escape(component["select"])}<i>⌄</i></span>'
    off = " off" if component.get("disabled") else ""
    return f'<span class="button {STYLES[component["style"]]}{off}">{escape(component["button"])}</span>'


def _form(form: Json) -> str:
    fields = "".join(
        f'<label>{escape(one["label"])}</label><div class="field{" long" if one["long"] else ""}">'
        f'{escape(one["value"])}<span class="caret"></span></div>'
        for one in form["fields"]
    )
    buttons = '<span class="button secondary">Cancel</span><span class="button primary">Submit</span>'
    head = f"<h2>{_picture('Mira', True)}{escape(form['title'])}</h2>"
    return f'<div class="form">{head}{fields}<div class="row end">{buttons}</div></div>'
