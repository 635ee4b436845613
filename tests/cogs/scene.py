"""A guild with people in its voice channel and a whole bot beside it, as many tests need them."""

from __future__ import annotations

from pathlib import Path

from persona_core.events import Heard, Said
from tests.cogs.running import RunningBot
from tests.discord_server import DiscordServer, SimulatedMember
from tests.discord_server.guilds import INVITED_WITH

NOT_TO_ANYBODY = 1.0  # s, in which what must not happen would have happened


class Scene:
    """A guild with Ann in its lounge, and the bot online."""

    def __init__(self, server: DiscordServer, folder: Path, permissions: int = INVITED_WITH) -> None:
        self.server = server
        self.guild = server.add_guild("Home", bot_permissions=permissions)
        self.lounge = self.guild.add_voice_channel("Lounge")
        self.text = self.guild.add_text_channel("general")
        self.ann = self.guild.add_member("Ann")
        self.ann.join(self.lounge)
        self.heard: list[tuple[str, str]] = []
        self.answered: list[str] = []  # texts of what she has replied to
        self.bot: RunningBot

    def use(self, bot: RunningBot) -> None:
        self.bot = bot
        bot.call(bot.host.conversations.listen, self._note)

    def _note(self, key: str, event: object) -> None:
        match event:
            case Heard(utterance):
                self.heard.append((utterance.person.name, utterance.text))
            case Said(answers=answers):
                self.answered += [line.text for line in answers]

    def ask(self, who: SimulatedMember, command: str, **options: object) -> str:
        """Type a command; the answer, which only they may see."""
        answer = self.server.interact(who, command, channel=self.text, **options).wait(20)
        assert all(reply.ephemeral for reply in answer.shown)
        return answer.text

    def withdraw(self, who: SimulatedMember) -> str:
        """Take back that they may be remembered, and say yes when they are asked; what she says then."""
        asked = self.server.interact(who, "/consent remembering", channel=self.text, answer="off").wait(20)
        (question,) = asked.shown
        assert "forget all that I keep of you" in question.content and question.ephemeral
        self.server.click(who, question, "Yes, forget it")
        self.wait(lambda: not question.components, "nothing came of it", 30)
        return question.content

    def join(self) -> None:
        self.ask(self.ann, "/join")
        self.wait(lambda: self.listens, "she does not listen")

    def answer_all(self) -> None:
        """She answers whatever is said, also among several people."""
        assert "everything that is said" in self.ask(self.ann, "/mode", to="always")

    def wait(self, true: object, what: str, seconds: float = 15) -> None:
        self.server.wait_until(true, seconds, what)

    @property
    def listens(self) -> bool:
        state = self.guild.guild.voice_states.get(self.server.bot.id)
        return state is not None and not state.self_deaf

    @property
    def decoded(self) -> int:
        """Frames decoded in the call so far."""
        call = self.bot.host.calls.in_realm(str(self.guild.id))
        return int(str(call.line.state()["frames"])) if call and call.line else 0
