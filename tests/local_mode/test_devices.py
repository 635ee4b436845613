"""Which device a name means, and what is said where it means none."""

from __future__ import annotations

import pytest

from local_mode.devices import Device, Kind, match
from persona_core.errors import AudioError

NAMES = [
    "USB PnP Audio Device Mono",
    "USB Webcam C920 Analog Stereo",
    "Built-in Audio",
    "Monitor of Built-in Audio",
]
FOUND = [
    Device(name, Kind.MICROPHONE, number, 48_000, monitor=name.startswith("Monitor"), pulse=f"alsa_{number}")
    for number, name in enumerate(NAMES)
]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("Built-in Audio", NAMES[2]),  # all of it, though another holds it as well
        ("built-in audio", NAMES[2]),
        ("built-in", NAMES[2]),  # what plays on a loudspeaker is hardly ever meant
        ("monitor built", NAMES[3]),
        ("webcam", NAMES[1]),
        ("C920", NAMES[1]),
        ("stereo webcam", NAMES[1]),  # in any order
        ("wepcam", NAMES[1]),
        ("usb pnp", NAMES[0]),
        ("alsa_0", NAMES[0]),
    ],
)
def test_a_name_is_matched_forgivingly(wanted: str, name: str) -> None:
    assert match(FOUND, wanted, Kind.MICROPHONE).name == name


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("usb", ["may be", "PnP", "Webcam", "more fully"]),
        ("headset", ["no microphone called “headset”", *NAMES]),
        ("???", ["no microphone called “???”"]),
    ],
)
def test_a_name_that_means_several_or_none_is_one_sentence_with_the_candidates(
    wanted: str, words: list[str]
) -> None:
    with pytest.raises(AudioError) as refused:
        match(FOUND, wanted, Kind.MICROPHONE)
    assert all(word in str(refused.value) for word in words) and "\n" not in str(refused.value)


def test_where_there_is_none_that_is_said() -> None:
    with pytest.raises(AudioError, match=r"no loudspeaker on this computer"):
        match([], "usb", Kind.LOUDSPEAKER)


def test_of_very_many_not_all_are_named() -> None:
    many = [Device(f"Card {number}", Kind.MICROPHONE, number, 48_000) for number in range(30)]
    with pytest.raises(AudioError, match="24 more") as refused:
        match(many, "card", Kind.MICROPHONE)
    assert len(str(refused.value)) < 300
