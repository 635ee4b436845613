"""How she is: ``/status``. Counters, times and states; no words, no names."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from statistics import median, quantiles

import discord

from cogs.answers import ANYWHERE, KithCog
from cogs.conversations import Told
from cogs.host import Host
from cogs.modes import mode_of
from persona_core.events import Said
from persona_core.types import Timings

LAST_TURNS = 50  # whose times are told
FIELD_CHARACTERS = 1_024  # Discord's limit

STAGES = {  # each field of Timings in plain words
    "pause_ms": "pause noticed",
    "stt_ms": "words recognised",
    "text_ms": "from your last word to its text",
    "end_of_turn_ms": "sure that you are done",
    "llm_first_token_ms": "first word written",
    "llm_first_clause_ms": "first clause written",
    "llm_ms": "whole reply written",
    "tts_first_audio_ms": "first clause voiced",
    "voice_to_voice_ms": "voice to voice",
}


def stage_times(timings: Sequence[Timings]) -> str:
    """Median and 95th percentile of each stage in milliseconds, and of how many turns."""
    lines = []
    for field, stage in STAGES.items():
        values = [value for one in timings if (value := getattr(one, field)) is not None]
        if values:
            lines.append(f"{stage}: {median(values):.0f} ms, p95 {p95(values):.0f} ms (n={len(values)})")
    return "\n".join(lines)[:FIELD_CHARACTERS] or "nothing said yet"


def p95(values: Sequence[float]) -> float:
    """The 95th percentile, between the neighbouring values where it falls between them."""
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def listed(values: Mapping[str, object]) -> str:
    """Names and values, without what is zero or empty."""
    lines = [
        f"{name.replace('_', ' ')}: {value}" for name, value in values.items() if value not in (0, None, "")
    ]
    return "\n".join(lines)[:FIELD_CHARACTERS] or "nothing yet"


class Status(KithCog):
    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._timings: deque[Timings] = deque(maxlen=LAST_TURNS)
        host.conversations.listen(self._on_event)

    def _on_event(self, key: str, event: Told) -> None:
        if isinstance(event, Said):
            self._timings.append(event.timings)

    @discord.slash_command(
        description="How I am: what I hear with, how fast I am, and what went wrong.", contexts=ANYWHERE
    )
    async def status(self, ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        embed = discord.Embed(title="How I am")
        embed.add_field(
            name="Engines", value="\n".join(self.host.engines)[:FIELD_CHARACTERS] or "still loading"
        )
        embed.add_field(
            name=f"Median and p95 of the last {LAST_TURNS} turns", value=stage_times(self._timings)
        )
        call = self.host.calls.in_realm(self.host.place(ctx.channel).realm)
        voice = "in no call here"
        if call is not None and call.line is not None:
            mode = mode_of(self.host.modes, call.place.key).value
            voice = listed({"mode": mode, **call.line.state()})
        embed.add_field(name="Voice", value=voice, inline=False)
        embed.add_field(name="Done and dropped", value=listed(self.host.counts), inline=False)
        await ctx.interaction.followup.send(embed=embed, ephemeral=True)
