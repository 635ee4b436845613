"""``python -m bot``: bring her into Discord. ``python -m bot doctor [--json]``: what is missing for that."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys

from bot import doctor, logs
from bot.client import BotError, PersonaBot, use_server
from bot.line import PREFIX
from cogs.overlay.viewing import Viewing
from memory.errors import MemoryFault
from persona_core.engines.threads import end
from persona_core.errors import KithError
from persona_core.settings import Settings, load_settings

log = logging.getLogger(__name__)


def main() -> int:
    args = _arguments()
    try:
        settings = load_settings()
        logs.configure(settings.log_level)
        use_server(settings.discord_api_url)
        if args.command == "doctor":
            return asyncio.run(doctor.run(settings, as_json=args.json))
        return asyncio.run(_run(settings))
    except KithError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # the one catch-all of the process
        log.error("unexpected %s", type(error).__name__, exc_info=error)
        print("Something went wrong that should not have; the log has the cause.", file=sys.stderr)
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    checks = commands.add_parser("doctor", help="check what she needs in Discord, one line each")
    checks.add_argument("--json", action="store_true", help="one JSON object on standard output")
    return parser.parse_args()


async def _run(settings: Settings) -> int:
    if not settings.discord_token.get_secret_value():
        raise BotError(
            "DISCORD_TOKEN is empty: put the bot's token into .env, or talk to her with `make run`."
        )
    try:
        bot = PersonaBot(settings)
    except MemoryFault as error:
        raise BotError(str(error)) from error
    logs.guard_loop(asyncio.get_running_loop())
    stopped = asyncio.Event()
    _on_signals(stopped)
    async with bot, _avatar(bot):
        await _until(stopped, bot)
    return 0


def _avatar(bot: PersonaBot) -> contextlib.AbstractAsyncContextManager[object]:
    """Her avatar in VTube Studio, where it is wanted: it shows how she speaks in the calls that the owner is in."""
    host, settings = bot.host, bot.host.settings
    if settings.vtube_studio == "off":
        return contextlib.nullcontext()
    from local_mode.vtube_studio import VTubeStudio  # the same as at the desk

    owner = Viewing(host, f"{PREFIX}{settings.owner_id}" if settings.owner_id else "")
    if settings.owner_id is None:
        _tell("VTUBE_STUDIO shows the calls that you are in: put your Discord user id into .env as OWNER_ID.")

    def shows(key: str) -> bool:
        place = host.place_called(key)
        return place is not None and owner.present(place)

    return VTubeStudio(settings, lambda: host.conversations.face(shows), _tell)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


async def _until(stopped: asyncio.Event, bot: PersonaBot) -> None:
    """Serve until told to stop; whatever fails first is raised."""
    loading = asyncio.create_task(bot.load(), name="load")
    serving = asyncio.create_task(bot.serve(), name="serve")
    stopping = asyncio.create_task(stopped.wait(), name="stop")
    waiting: set[asyncio.Task[object]] = {loading, serving, stopping}
    try:
        while not (serving.done() or stopping.done()):
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        await bot.close()
        if not serving.done():
            await serving
    finally:
        for task in (loading, serving, stopping):
            task.cancel()
        await asyncio.gather(loading, serving, stopping, return_exceptions=True)


def _on_signals(stopped: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt instead
            loop.add_signal_handler(number, stopped.set)


if __name__ == "__main__":
    end(main())
