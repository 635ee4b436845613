"""`make run` on a computer without Discord's token, and without sound: she is talked with in the browser."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.local_mode.terminal import WITHIN_S, terminal
from tests.overlay.browser import PHONE, chromium, needs_chromium

pytestmark = [needs_chromium, pytest.mark.skipif(os.name == "nt", reason="terminals are Unix's here")]

Weights = Callable[[str], Path]
ADDRESS = r"Her page: (http://127\.0\.0\.1:\d+/\?token=[\w-]+)"
WITHIN_MS = WITHIN_S * 1000
NOWHERE = {"MODEL_HUB": "off", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": ""}


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory, speak: Callable[..., Path]) -> Path:
    """Somebody who asks something, then is silent for long enough."""
    file = speak(
        "Good evening. What is your name?", tmp_path_factory.mktemp("said") / "said.wav", rate=48_000
    )
    sound, rate = soundfile.read(file, dtype="int16")
    soundfile.write(
        file, np.concatenate([np.zeros(rate, np.int16), sound, np.zeros(20 * rate, np.int16)]), rate
    )
    return file


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.casefold()))


async def test_a_newcomer_types_talks_and_hears_her_in_the_browser(
    tmp_path: Path, weights: Weights, question: Path
) -> None:
    weights("whisper-tiny.en"), weights("smollm2-135m-instruct")
    async with terminal(tmp_path, PROFILE="tiny") as desk, chromium(sound=question) as visitor:
        address = (await desk.shows(ADDRESS))[1]
        await desk.shows("Friend: $")  # she waits for a line
        assert "Hearing with" not in desk.shown and "Speaking with" not in desk.shown  # nobody needs it yet
        page = await visitor.open(address)
        await page.wait_for_selector("#composer:not([hidden])")
        await page.fill("#words", "Good evening!")
        await page.keyboard.press("Enter")
        await page.locator("#log .line.her").wait_for(timeout=WITHIN_MS)
        await page.wait_for_selector("#microphone:not([hidden])", timeout=WITHIN_MS)
        await page.wait_for_selector("#hint:not(.note)", timeout=WITHIN_MS)
        await page.click("#hands-free")
        heard = page.locator("#log .line:not(.her)").nth(1)
        await heard.wait_for(timeout=WITHIN_MS)
        assert {"what", "your", "name"} <= words(await heard.inner_text())
        answer = page.locator("#log .line.her").nth(1)
        await answer.wait_for(timeout=WITHIN_MS)
        assert await page.locator("#times dt.whole").count()  # from voice to voice: it was audible
        assert await page.get_attribute("#voice", "aria-pressed") == "true"
        assert "what is your name" in desk.shown.casefold()
        assert "Hearing with" not in desk.shown and "Traceback" not in desk.shown
        assert await desk.leave() == 0
        visitor.excuse("ERR_CONNECTION_REFUSED")


@pytest.mark.parametrize("size", ["wide", "phone"])
async def test_where_ears_cannot_be_had_the_page_says_why_and_one_can_type(tmp_path: Path, size: str) -> None:
    shape = {"viewport": PHONE} if size == "phone" else {}
    models = {"MODELS_DIR": str(tmp_path / "models"), "LLM_ENGINE": "rules", "EMBEDDER": "off"}
    async with terminal(tmp_path, PROFILE="tiny", **models, **NOWHERE) as desk, chromium(**shape) as visitor:
        page = await visitor.open((await desk.shows(ADDRESS))[1])
        await page.locator("#hint.note", has_text="whisper-tiny.en").wait_for(timeout=WITHIN_MS)
        said = await page.inner_text("#hint")
        assert said.endswith("You can type all the same.") and "Traceback" not in said
        assert await page.is_visible("#hint") and await page.is_hidden("#microphone")
        assert await page.is_visible("#voice")  # of her voice nothing has to be fetched
        await page.fill("#words", "Then I type.")
        await page.keyboard.press("Enter")
        await page.locator("#log .line.her").wait_for(timeout=WITHIN_MS)
        assert await page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        assert "whisper" not in desk.shown
        assert await desk.leave() == 0
        visitor.excuse("ERR_CONNECTION_REFUSED")


async def test_what_comes_while_somebody_may_type_leaves_the_prompt_whole(tmp_path: Path) -> None:
    async with (
        terminal(tmp_path, LLM_ENGINE="rules", PROFILE="tiny", EMBEDDER="off") as desk,
        chromium() as visitor,
    ):
        page = await visitor.open((await desk.shows(ADDRESS))[1])
        await desk.shows("Friend: $")
        await page.wait_for_selector("#composer:not([hidden])")
        await page.fill("#words", "Hello from the page.")
        await page.keyboard.press("Enter")
        await page.locator("#log .line.her").wait_for(timeout=WITHIN_MS)
        await desk.shows("\r\x1b\\[KMira: [^\r\n]+\r\nFriend: $")
        assert await desk.leave() == 0
        visitor.excuse("ERR_CONNECTION_REFUSED")


async def test_who_goes_while_her_ears_are_being_loaded_is_not_held_up(
    tmp_path: Path, weights: Weights
) -> None:
    weights("whisper-tiny.en")
    async with (
        terminal(tmp_path, LLM_ENGINE="rules", PROFILE="tiny", EMBEDDER="off") as desk,
        chromium() as visitor,
    ):
        page = await visitor.open((await desk.shows(ADDRESS))[1])
        await page.wait_for_selector("#composer:not([hidden])")
        assert await desk.leave() == 0
        assert "Traceback" not in desk.shown and "Exception" not in desk.shown
        visitor.excuse("ERR_CONNECTION_REFUSED")
