"""`python -m tests.discord_server --speak Ann=a.wav --speak Bob=b.wav`: a Discord to try a bot on, until Ctrl-C."""

from __future__ import annotations

import argparse
import time

from .errors import NotPossible
from .guilds import SimulatedGuild
from .members import SimulatedMember
from .server import DiscordServer
from .state import Channel


def main() -> None:
    options = _options()
    with DiscordServer.start(options.bot) as server:
        guild = server.add_guild(options.guild)
        text, voice = guild.add_text_channel("chat"), guild.add_voice_channel("General")
        speakers = [
            _speaker(guild, given, "libdave" if options.libdave else "davey") for given in options.speak
        ]
        for person, _ in speakers:
            person.join(voice)
        print("Start the bot with these:\n")
        for name, value in server.env().items():
            print(f"export {name}={value}")
        print(
            f"\nServer “{options.guild}”, text channel {text.id}, voice channel {voice.id}. Ctrl-C ends it.\n",
            flush=True,
        )
        try:
            _run(server, guild, voice, speakers, options)
        except KeyboardInterrupt:
            print()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.discord_server", description=__doc__)
    parser.add_argument(
        "--speak", action="append", default=[], metavar="NAME=FILE", help="a member and what they say"
    )
    parser.add_argument(
        "--every", type=float, default=10.0, metavar="SECONDS", help="pause before it is said again"
    )
    parser.add_argument(
        "--invite", action="store_true", help="call /join as soon as the bot has registered it"
    )
    parser.add_argument(
        "--libdave", action="store_true", help="members encrypt with libdave instead of davey"
    )
    parser.add_argument("--guild", default="Test", help="the server's name")
    parser.add_argument("--bot", default="Kith", help="the bot's name")
    return parser.parse_args()


def _speaker(guild: SimulatedGuild, given: str, implementation: str) -> tuple[SimulatedMember, str]:
    name, _, path = given.partition("=")
    return guild.add_member(name, implementation=implementation), path


def _run(
    server: DiscordServer,
    guild: SimulatedGuild,
    voice: Channel,
    speakers: list[tuple[SimulatedMember, str]],
    options: argparse.Namespace,
) -> None:
    """Speak whenever the bot is in the channel and can decrypt; tell what it writes and how much it says."""
    next_turn, invited = 0.0, False
    shown: dict[int, str] = {}
    while True:
        time.sleep(0.1)
        for message in [m for c in guild.guild.channels.values() for m in c.posts]:
            if message.content and shown.get(message.id) != message.content:
                shown[message.id] = message.content
                print(f"#{message.channel.name} {message.author.name}: {message.content}", flush=True)
        if options.invite and not invited and speakers and "join" in server.commands():
            first = next(iter(guild.guild.channels.values()))
            invited = True
            try:
                server.interact(speakers[0][0], "/join", channel=first)
            except NotPossible as why:
                print(f"/join cannot be called: {why}", flush=True)
        if guild.bot_voice_channel is voice and server.settled(voice) and time.monotonic() > next_turn:
            said = [person.speak(path) for person, path in speakers if person.voice_channel]
            for speech in said:
                speech.wait()
            for person, _ in speakers:
                seconds = sum(len(h.voiced) for n, h in person.heard.items() if n == options.bot) / 50
                print(f"{person.name} has heard {seconds:.1f} s of {options.bot}", flush=True)
            next_turn = time.monotonic() + options.every


if __name__ == "__main__":
    main()
