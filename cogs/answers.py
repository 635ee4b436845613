"""How a cog answers: one plain sentence for the person, the cause for the log."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any
from weakref import WeakSet

import discord

from cogs.host import Host, Refusal
from cogs.pace import Pace
from memory.errors import EntryError, KeyGone, MemoryFault
from persona_core.errors import KithError

log = logging.getLogger(__name__)

IN_SERVERS = {discord.InteractionContextType.guild}
ANYWHERE = {discord.InteractionContextType.guild, discord.InteractionContextType.bot_dm}
MOST_COMMANDS, COMMANDS_WITHIN_S = 30, 60.0  # of one person, in each family of commands
TOO_OFTEN = "You have asked me for a lot just now; please try again in a minute."
FOR_PEOPLE = (KithError, EntryError, KeyGone)  # their messages are sentences for people
GONE = (10062, 10015, 50027, 40060)  # the interaction is too old, or was answered already


def sentence(error: BaseException) -> str:
    """What the person is told."""
    if isinstance(error, FOR_PEOPLE):
        return str(error)
    if isinstance(error, discord.Forbidden):
        return "Discord does not let me do that here; somebody has to give me the permission."
    if isinstance(error, discord.NotFound):
        return "That is not there any more."
    if isinstance(error, discord.HTTPException | TimeoutError | OSError):
        return "Discord did not answer as it should; please try again in a moment."
    if isinstance(error, MemoryFault):
        return "I could not write that to disk, so it may not last; please tell whoever runs me."
    if isinstance(error, discord.CheckFailure | discord.ApplicationCommandError):
        return "That cannot be done here."
    return "Something went wrong that should not have; the log has the cause."


def root_of(error: BaseException) -> BaseException:
    """py-cord wraps what a command raises."""
    return getattr(error, "original", error)


async def explain(interaction: discord.Interaction, error: BaseException) -> None:
    """Tell the person, if they can still be told; the cause goes to the log. Never raises."""
    error = root_of(error)
    if isinstance(error, FOR_PEOPLE):
        log.info("refused: %s because of %s", type(error).__name__, type(error.__cause__).__name__)
    elif isinstance(error, discord.HTTPException):
        log.warning("Discord refused: %s %s", error.status, error.code)
        if error.code in GONE:
            return
    elif isinstance(error, MemoryFault):
        log.error("memory: %s", error)
    else:
        log.error("unexpected %s", type(error).__name__, exc_info=error)
    try:
        await say(interaction, sentence(error))
    except (discord.HTTPException, discord.InteractionResponded, OSError) as failure:
        log.info("could not be told: %s", type(failure).__name__)


async def say(
    interaction: discord.Interaction, text: str, view: discord.ui.View | None = None, **more: object
) -> None:
    """Answer so that only the person sees it, whether the interaction was deferred or not."""
    if view is not None:
        more["view"] = view
    if not interaction.response.is_done():
        try:
            await interaction.response.send_message(text, ephemeral=True, **more)  # type: ignore[arg-type]
            return
        except discord.InteractionResponded:  # it was being deferred just now
            pass
    await interaction.followup.send(text, ephemeral=True, **more)  # type: ignore[call-overload]


class KithCog(discord.Cog):
    """A family of commands with its host; what they raise is explained, what they start ends with it."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.pace = Pace(MOST_COMMANDS, COMMANDS_WITHIN_S)
        self._tasks: set[asyncio.Task[object]] = set()
        self._lasting: WeakSet[asyncio.Task[object]] = WeakSet()

    async def cog_before_invoke(self, ctx: discord.ApplicationContext) -> None:
        if self._awake and not self.pace.may(self.host.person(ctx.author).id, time.monotonic()):
            error = Refusal(TOO_OFTEN)
            raise discord.ApplicationCommandInvokeError(error)  # py-cord would not catch another kind here

    @property
    def _awake(self) -> bool:
        """Until she is, she asks people to try again soon."""
        try:
            return self.host.persona is not None
        except KithError:
            return False

    async def cog_command_error(self, ctx: discord.ApplicationContext, error: Exception) -> None:
        await explain(ctx.interaction, error)

    def cog_unload(self) -> None:
        for task in self._tasks:
            task.cancel()

    def start(self, work: Coroutine[object, object, None], name: str, *, lasting: bool = False) -> None:
        """Do something in the background; its failure is logged. ``lasting``: see ``watch``."""
        self.watch(asyncio.create_task(_logged(work, name), name=name), lasting=lasting)

    def watch(self, task: asyncio.Task[object], *, lasting: bool = False) -> None:
        """It is something that this cog does. ``lasting``: nobody waits for its end, and nothing is lost with it."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if lasting:
            self._lasting.add(task)

    async def end(self, within_s: float) -> None:
        """Wait until all that it does is done; what takes longer is cancelled."""
        done = set[asyncio.Task[object]]()
        if ending := self._tasks - set(self._lasting):
            done, _ = await asyncio.wait(ending, timeout=within_s)
        late = self._tasks - done
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _logged(work: Coroutine[object, object, None], name: str) -> None:
    try:
        await work
    except KithError as error:
        log.info("%s: %s", name, type(error).__name__)
    except discord.HTTPException as error:
        log.warning("%s: Discord refused: %s %s", name, error.status, error.code)
    except Exception as error:  # the one catch-all of background work
        log.error("%s: unexpected %s", name, type(error).__name__, exc_info=error)


class PoliteView(discord.ui.View):
    """Buttons whose failures are explained."""

    async def on_error(
        self, error: Exception, item: discord.ui.Item[Any], interaction: discord.Interaction
    ) -> None:
        await explain(interaction, error)
