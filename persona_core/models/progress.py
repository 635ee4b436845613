"""How fetching tells what it does: on standard error, so that standard output stays the program's own."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn


class Report(Protocol):
    """What a fetch tells while it runs."""

    def note(self, sentence: str) -> None:
        """Something worth a line."""
        ...

    def moved(self, what: str, done: int, total: int | None) -> None:
        """``done`` of ``total`` bytes of ``what`` are here; ``total`` is None when nobody knows."""
        ...


class Silent:
    """Tells nothing."""

    def note(self, sentence: str) -> None:
        pass

    def moved(self, what: str, done: int, total: int | None) -> None:
        pass


class Bars:
    """One progress bar a file, drawn with rich on standard error. Use it as a context manager."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bars: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console,
            disable=not console.is_terminal,  # a log gets the notes alone
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def note(self, sentence: str) -> None:
        self._progress.console.print(sentence, markup=False, highlight=False, soft_wrap=True)

    def moved(self, what: str, done: int, total: int | None) -> None:
        if what not in self._bars:
            self._progress.start()  # here, so that nothing is drawn where nothing is fetched
            self._bars[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._bars[what], completed=done, total=total)
