"""What one page may ask for of what she sees, and the pictures of its own camera."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Coroutine

from cogs.overlay.doing import Doing
from cogs.overlay.eyes import PAGE_CAMERA, Eyes
from cogs.overlay.open_page import PICTURE, Bucket, NotUnderstood, OpenPage, number_in, text_in
from cogs.overlay.ports import Json, Watcher
from cogs.overlay.shared import ELSEWHERE
from persona_core.errors import KithError

MOST_PICTURE_BYTES = 256 * 1024  # of one picture from a page
PICTURES_A_S, PICTURES_AT_ONCE = 10.0, 20.0  # a page sends five
NAME_CHARACTERS = 80
LATEST = 2**31
ABOUT = {"about": "faces"}  # where the page is to show what is told

NO_NAME = "I need a name to know them by."
NOT_AGREED = "I keep nobody's face who has not agreed to it themselves."
NOBODY = "I do not know any more who that is; please look again."


class Looking:
    """``person`` is whose number a page was told; ``done`` is called whenever something was changed."""

    def __init__(
        self,
        page: OpenPage,
        eyes: Eyes,
        counts: Counter[str],
        person: Callable[[int], str | None],
        done: Callable[[], None],
    ) -> None:
        self._page = page
        self._eyes = eyes
        self._counts = counts
        self._person = person
        self._done = done
        self._doing = Doing(page)
        self._bucket = Bucket(PICTURES_A_S, PICTURES_AT_ONCE)
        self._taken_s: float | None = None  # of the picture that comes next

    def take(self, message: Json) -> bool:
        """Whether it was for this. Raises NotUnderstood."""
        watcher = self._eyes.watcher
        if message["do"] == "why":
            self._doing.start(self._why(number_in(message, "card", 0, LATEST)))
            return True
        if watcher is None:
            return False
        match message["do"]:
            case "look":
                self._doing.start(self._look(text_in(message, "camera", 200)))
            case "enrol":
                self._enrol(watcher, message)
            case "forget":
                self._change(watcher.forget, message, "who")
            case "merge":
                self._change(watcher.merge, message, "who", "gone")
            case "split":
                self._change(watcher.split, message, "who")
            case "camera":
                self._camera(message.get("on") is True)
            case "picture":  # what comes next is one
                self._taken_s = number_in(message, "taken", 0, 2**53) / 1000
            case _:
                return False
        return True

    def picture(self, data: bytes) -> bool:
        """Whether it was a picture. Raises NotUnderstood."""
        taken_s, self._taken_s = self._taken_s, None
        watcher = self._eyes.watcher
        if taken_s is None or watcher is None:
            return False
        if len(data) > MOST_PICTURE_BYTES:
            raise NotUnderstood
        if not self._eyes.has_camera(self):
            return True  # it was on its way when the camera was switched off
        if not self._bucket.takes(time.monotonic()):
            self._counts["page: pictures dropped"] += 1
            return True
        try:
            watcher.push(PAGE_CAMERA, data, taken_s)
        except KithError as error:
            self._eyes.give_camera(self)
            self._page.send({"do": "camera", "on": False, "why": str(error)})
        return True

    def shut(self) -> None:
        self._page.send({"do": "camera", "on": False, "why": ELSEWHERE})

    def close(self) -> None:
        self._doing.close()
        self._eyes.give_camera(self)

    def _camera(self, on: bool) -> None:
        if on:
            self._eyes.take_camera(self)
        else:
            self._eyes.give_camera(self)
        self._page.send({"do": "camera", "on": on})

    def _change(
        self, change: Callable[..., Coroutine[object, object, str]], message: Json, *who: str
    ) -> None:
        """``who``: the fields of the message that hold numbers of people. Raises NotUnderstood."""
        people = [self._person(number_in(message, field, 1, LATEST)) for field in who]
        if None in people or len(set(people)) < len(people):
            self._tell(NOBODY)
        else:
            self._answer(change(*people))

    def _enrol(self, watcher: Watcher, message: Json) -> None:
        track = number_in(message, "track", 0, 2**53)
        name = " ".join(text_in(message, "name", NAME_CHARACTERS).split())
        if not name:
            self._tell(NO_NAME)
        elif message.get("agreed") is not True:
            self._tell(NOT_AGREED)
        else:
            self._answer(watcher.enrol(track, name))

    def _tell(self, text: str) -> None:
        self._page.send({"do": "told", "text": text, **ABOUT})

    def _answer(self, work: Coroutine[object, object, str]) -> None:
        async def answered() -> None:
            self._tell(await work)
            self._done()

        self._doing.start(answered(), **ABOUT)

    async def _look(self, camera: str) -> None:
        """The picture follows what is told about it; a page that is behind gets none."""
        try:
            told, picture = await self._eyes.look(camera)
        except KithError:
            told, picture = {"do": "seen", "camera": camera, "faces": [], "picture": False}, None
        if self._page.behind:
            told, picture = told | {"picture": False}, None
        self._page.send(told)
        if picture is not None:
            self._page.send(PICTURE + picture)

    async def _why(self, number: int) -> None:
        self._page.send({"do": "whys", "card": number, "whys": await self._eyes.whys(number)})
