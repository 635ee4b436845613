"""``python -m bot doctor``: one line for each thing she needs, with what to do where it is missing."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import aiohttp
import discord

from bot.host import FOR_A_CALL
from bot.voice import opus
from persona_core.errors import KithError
from persona_core.hardware import choose_profile, probe
from persona_core.models import ModelFolder, load_catalogue
from persona_core.settings import Settings

DAVEY = "0.1.7"  # with another version py-cord may send voice in the clear
FREE_BYTES = 5_000_000_000  # for models and what she keeps
INVITE = "invite her again with the permissions bot and applications.commands"
USEFUL = {"change_nickname": "Change Nickname", "read_message_history": "Read Message History"}
WITHOUT_WEIGHTS = ("openai", "anthropic", "rules")
REST_S = 10.0

State = Literal["ok", "missing", "unused"]


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    state: State  # unused: missing, but she can do without in Discord
    found: str
    advice: str = ""


async def run(settings: Settings, *, as_json: bool) -> int:
    """Print every check; 0 when nothing necessary is missing, else 1."""
    checks = await examine(settings)
    if as_json:
        print(json.dumps({"checks": [asdict(check) for check in checks]}, ensure_ascii=False))
    else:
        print("\n".join(map(shown, checks)))
    return int(any(check.state == "missing" for check in checks))


def shown(check: Check) -> str:
    sign = {"ok": "✓", "missing": "✗", "unused": "–"}[check.state]
    return f"{sign} {check.name}: {check.found}" + (f" → {check.advice}" if check.advice else "")


async def examine(settings: Settings) -> list[Check]:
    return [
        *await discord_checks(settings),
        dave(),
        opus_library(),
        *await asyncio.to_thread(models, settings),
        microphone(),
        disk("models folder", settings.models_dir),
        disk("data folder", settings.data_dir),
    ]


async def discord_checks(settings: Settings) -> list[Check]:
    """The token, and in each server what she may do."""
    token = settings.discord_token.get_secret_value()
    if not token:
        return [Check("token", "missing", "DISCORD_TOKEN is empty", "put the bot's token into .env")]
    base = discord.http.Route.API_BASE_URL.format(API_VERSION=10)
    headers = {"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (Kith, 1)"}
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(REST_S)) as session:
            me = await _get(session, f"{base}/users/@me")
            guilds = await _get(session, f"{base}/users/@me/guilds")
    except aiohttp.ClientResponseError as error:
        if error.status == 401:
            advice = "copy it again from the developer portal, page Bot"
            return [Check("token", "missing", "Discord does not accept DISCORD_TOKEN", advice)]
        return [Check("token", "missing", f"Discord answered {error.status}", "try again later")]
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return [
            Check(
                "token", "missing", f"no answer from Discord ({type(error).__name__})", "look at the network"
            )
        ]
    name = me.get("username", "?") if isinstance(me, dict) else "?"
    found = [Check("token", "ok", f"accepted, she is {name}")]
    return found + permissions(guilds if isinstance(guilds, list) else [])


async def _get(session: aiohttp.ClientSession, url: str) -> Any:
    async with session.get(url) as answer:
        answer.raise_for_status()
        return await answer.json()


def permissions(guilds: Sequence[Any]) -> list[Check]:
    """One line for each server, from what Discord says of her roles there."""
    checks = []
    for guild in guilds:
        try:
            name, mine = str(guild["name"]), discord.Permissions(int(guild["permissions"]))
        except (KeyError, TypeError, ValueError):
            continue
        wanted = {**FOR_A_CALL, **USEFUL}
        lacking = [wanted[key] for key in wanted if not (getattr(mine, key) or mine.administrator)]
        state: State = "missing" if set(lacking) & set(FOR_A_CALL.values()) else "ok"
        text = f"she lacks {', '.join(lacking)}" if lacking else "she has what she needs"
        checks.append(Check(f"server {name}", state, text, INVITE if lacking else ""))
    return checks or [Check("servers", "missing", "she is in none", INVITE)]


def dave() -> Check:
    try:
        version = importlib.metadata.version("davey")
    except importlib.metadata.PackageNotFoundError:
        return Check("end-to-end encryption", "missing", "davey is not installed", "run `make setup`")
    if version != DAVEY:
        return Check(
            "end-to-end encryption", "missing", f"davey {version}", f"{DAVEY} is needed: run `make setup`"
        )
    return Check("end-to-end encryption", "ok", f"davey {version}")


def opus_library() -> Check:
    try:
        return Check("Opus", "ok", opus.version())
    except (KithError, OSError) as error:
        return Check("Opus", "missing", str(error), "run `make setup`")


def models(settings: Settings) -> list[Check]:
    """Whether the weights that the settings call for are there; nothing is fetched."""
    try:
        catalogue = load_catalogue()
        profile = settings.profile if settings.profile != "auto" else choose_profile(probe())[0]
        preferred = catalogue.profile(profile)
    except KithError as error:
        return [Check("models", "missing", str(error))]
    folder = ModelFolder(settings.models_dir, catalogue)
    return [
        _model(settings, kind, getattr(preferred, kind), profile, folder) for kind in ("stt", "llm", "tts")
    ]


def _model(
    settings: Settings, kind: str, preferred: Sequence[str], profile: str, folder: ModelFolder
) -> Check:
    name, engine, named = (
        f"model for {kind}",
        getattr(settings, f"{kind}_engine"),
        getattr(settings, f"{kind}_model"),
    )
    if engine in WITHOUT_WEIGHTS:
        return Check(name, "ok", f"{engine}, which needs no weights here")
    if named and Path(named).expanduser().exists():
        return Check(name, "ok", "as the settings say")
    try:
        present = next(filter(folder.present, [named] if named else preferred), None)
    except KithError as error:
        return Check(name, "missing", str(error))
    if present is None:
        pull = named or f"--profile {profile}"
        return Check(name, "missing", "not here yet", f"python -m persona_core.models pull {pull}")
    return Check(name, "ok", present)


def microphone() -> Check:
    """Only the desk needs one."""
    try:
        import sounddevice

        name = sounddevice.query_devices(kind="input")["name"]
    except Exception as error:  # noqa: BLE001  # PortAudio is missing, broken or finds nothing: all the same here
        return Check("microphone", "unused", f"none ({type(error).__name__})", "only needed at the desk")
    return Check("microphone", "ok", str(name))


def disk(name: str, path: Path) -> Check:
    """Free space where ``path`` is, or will be."""
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    state: State = "ok" if free >= FREE_BYTES else "missing"
    advice = "" if state == "ok" else f"make room: {FREE_BYTES / 1e9:.0f} GB are needed"
    return Check(name, state, f"{free / 1e9:.1f} GB free", advice)
