"""Only whoever has the token sees anything, from the page itself, on this machine."""

from __future__ import annotations

import logging
import os
import socket
import stat
from pathlib import Path

import aiohttp
import pytest

from cogs.overlay.guard import hosts, may_ask, may_connect, token_in
from cogs.overlay.open_page import FIRST_WORD_S, NO_LEAVE
from tests.local_mode.sitting import TOM
from tests.overlay.open_page import Page, desk

PORT = 8765
HOME = {"Host": f"127.0.0.1:{PORT}"}
OWN = {"Origin": f"http://127.0.0.1:{PORT}"}
EVIL = {"Origin": "http://evil.example"}


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        (HOME, True),
        ({"Host": f"localhost:{PORT}"}, True),
        (HOME | OWN, True),
        (HOME | {"Sec-Fetch-Site": "same-origin"}, True),
        (HOME | {"Sec-Fetch-Site": "none"}, True),
        # a link to it is opened, and shows nothing without the token
        (HOME | {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, True),
        (HOME | {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, False),
        (HOME | {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, False),
        (HOME | {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, False),
        (HOME | EVIL, False),
        (HOME | {"Origin": "null"}, False),
        (HOME | {"Origin": f"http://127.0.0.1:{PORT + 1}"}, False),
        (HOME | {"Origin": f"https://127.0.0.1:{PORT}"}, False),
        ({"Host": f"evil.example:{PORT}"}, False),  # a name that was made to point here
        ({"Host": f"evil.example:{PORT}", "Origin": f"http://evil.example:{PORT}"}, False),
        ({"Host": f"127.0.0.1:{PORT + 1}"}, False),
        ({"Host": "127.0.0.1"}, False),
        ({}, False),
    ],
)  # fmt: skip
def test_who_may_ask(headers: dict[str, str], may: bool) -> None:
    assert may_ask(headers, PORT) is may


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        (HOME | OWN, True),
        (HOME, False),  # every browser says where a socket was asked for
        (HOME | EVIL, False),
        (HOME | {"Origin": "null"}, False),
        ({"Host": f"evil.example:{PORT}", "Origin": f"http://evil.example:{PORT}"}, False),
    ],
)
def test_who_may_connect(headers: dict[str, str], may: bool) -> None:
    assert may_connect(headers, PORT) is may


def test_the_token_lasts_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    token = token_in(tmp_path)
    assert len(token) >= 43 and token_in(tmp_path) == token
    file = tmp_path / "page-token"
    assert os.name == "nt" or stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token not in (tmp_path / "page-token").name


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_token_that_others_could_read_is_made_anew(tmp_path: Path) -> None:
    token = token_in(tmp_path)
    (tmp_path / "page-token").chmod(0o644)
    assert token_in(tmp_path) != token
    assert stat.S_IMODE((tmp_path / "page-token").stat().st_mode) == 0o600


@pytest.mark.parametrize("damaged", [b"", b"short", b"\xff\xfe", b"a" * 500])
def test_a_damaged_token_is_made_anew(tmp_path: Path, damaged: bytes) -> None:
    file = tmp_path / "page-token"
    file.write_bytes(damaged)
    file.chmod(0o600)
    assert len(token_in(tmp_path)) >= 43


async def test_it_listens_on_this_machine_alone(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        port = int(here.origin.rpartition(":")[2])
        assert here.origin == f"http://127.0.0.1:{port}"
        own = {one[4][0] for one in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
        for address in own - {"127.0.0.1"}:
            if not address.startswith("127."):
                with pytest.raises(aiohttp.ClientConnectorError):
                    await here.http.get(f"http://{address}:{port}/")
        assert f"127.0.0.1:{port}" in hosts(port)


async def test_every_file_forbids_what_comes_from_elsewhere(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        for name in ("", "page.js", "page.css", "icon.svg", "ears-worklet.js"):
            async with here.http.get(here.address + name) as answer:
                assert answer.status == 200
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
                assert "unsafe" not in policy and "*" not in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Referrer-Policy"] == "no-referrer"
                assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
                assert "Set-Cookie" not in answer.headers  # no other page can ride on one
                assert "Access-Control-Allow-Origin" not in answer.headers
                text = await answer.text()
                assert "https://" not in text and here.token not in text


@pytest.mark.parametrize(
    "path", ["../overlay.py", "%2e%2e/overlay.py", "page", "early.js/", "static/page.js", ".env"]
)
async def test_nothing_else_is_served(tmp_path: Path, path: str) -> None:
    async with desk(tmp_path) as here, here.http.get(here.address + path) as answer:
        assert answer.status in (403, 404)


async def test_other_pages_and_other_names_are_refused_and_counted(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        port = here.origin.rpartition(":")[2]
        for headers in (EVIL, {"Host": f"evil.example:{port}"}, {"Sec-Fetch-Site": "cross-site"}):
            async with here.http.get(here.address, headers=headers) as answer:
                assert answer.status == 403
        for headers in (EVIL, {"Origin": "null"}, {"Host": f"evil.example:{port}"}):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await here.connect(**headers)
            assert refused.value.status == 403
        assert here.counts["page: requests refused"] == 6


@pytest.mark.parametrize("token", ["", "wrong", None, 7, ["x"], "ü" * 43, "\ud800"])
async def test_without_the_token_nothing_is_told(tmp_path: Path, token: object) -> None:
    async with desk(tmp_path) as here:
        page = Page(await here.connect())
        await page.send(do="hello", token=token)
        assert await page.closed() == NO_LEAVE and page.seen == []
        assert here.counts["page: requests refused"] == 1


async def test_whoever_says_something_else_first_is_told_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = Page(await here.connect())
        await page.send(do="say", text="Hello")
        assert await page.closed() == NO_LEAVE and page.seen == []
        binary = Page(await here.connect())
        await binary.socket.send_bytes(here.token.encode())
        assert await binary.closed() == NO_LEAVE


async def test_whoever_says_nothing_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert FIRST_WORD_S <= 10
    monkeypatch.setattr("cogs.overlay.overlay.FIRST_WORD_S", 0.05)
    async with desk(tmp_path) as here:
        assert await Page(await here.connect()).closed() == NO_LEAVE


async def test_a_taken_port_is_said_in_a_sentence_and_the_next_one_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with desk(tmp_path, port=port) as here:
            assert here.told[0].startswith(f"Port {port} is taken, so the page is at ")
            assert here.told[1] == f"Her page: {here.page.address}"
            assert (await here.open()).hello["her"] == "Mira"


async def test_no_log_line_holds_the_token_or_what_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with desk(tmp_path) as here:
        page = await here.open()
        async with here.http.get(f"{here.address}?token={here.token}") as answer:
            assert answer.status == 200
        await page.send(do="say", text="a secret about xylophones")
        await page.until(lambda message: message.get("kind") == "reply")
        wrong = Page(await here.connect())
        await wrong.send(do="hello", token="xylophone-token")
        await wrong.closed()
        text = "\n".join(
            record.getMessage() for record in caplog.records if record.name.startswith(("cogs", "aiohttp"))
        )
        assert here.token not in text and "xylophone" not in text and TOM.name not in text


async def test_where_nobody_reads_it_the_token_is_not_told(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        told: list[str] = []
        await here.page.close()
        from local_mode.page import PageDesk

        await here.page.open(PageDesk(here.sitting.desk, TOM).surroundings, told.append, shown=False)
        assert here.token not in "".join(told) and "page-token" in told[-1]
