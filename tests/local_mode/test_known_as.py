"""Who somebody before the desk's camera is to be known as."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from cogs.host import Refusal
from local_mode.eyes import Eyes
from memory.consent import Purpose
from tests.local_mode.sitting import TOM, sitting


async def test_nobody_becomes_whoever_sits_there_by_giving_their_name(tmp_path: Path) -> None:
    async with sitting(tmp_path, camera=SecretStr("push"), face_meeting="ask") as sat:
        encoder: Any = SimpleNamespace(name="small")
        async with Eyes(sat.desk, TOM, encoder, sat.told.append) as eyes:
            assert sat.desk.memory.faces.of(TOM.id) is None
            for name in (TOM.name, TOM.name.upper(), f" {TOM.name}\u200b "):
                met = eyes.person_for(name)
                assert met.id != TOM.id and met.name
            with pytest.raises(Refusal, match="/face enrol"):
                eyes._person_on_page(TOM.name)
            assert eyes._person_on_page("Bruno").id == "desk:bruno"
            await sat.desk.consent.decide("desk:bruno", Purpose.FACE, False, "test")
            assert eyes.person_for("Bruno").id == "desk:bruno 2"


async def test_while_prints_of_faces_are_away_she_sees_all_the_same(tmp_path: Path) -> None:
    away = SecretStr("redis://127.0.0.1:9/0")
    async with sitting(tmp_path, camera=SecretStr("push"), store=away) as sat:
        await sat.desk.consent.decide(TOM.id, Purpose.FACE, True, "test")
        encoder: Any = SimpleNamespace(name="small")
        async with Eyes(sat.desk, TOM, encoder, sat.told.append) as eyes:
            assert eyes.eye.in_view == () and not any("does not know your face" in line for line in sat.told)
