"""Kinds of jobs: what a product registers so that the engine can run its work."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from config.registry import Registry

if TYPE_CHECKING:
    from uuid import UUID

    from django.utils.functional import Promise

    from generation.jobs.run import JobRun
    from generation.models import Job


@dataclass(frozen=True, slots=True)
class NoInput:
    """The input of a kind that needs to know nothing but its job."""


@dataclass(frozen=True, slots=True)
class NoOutput:
    """The output of a kind that has nothing to say."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A handler's answer that its provider has accepted the work: poll again after `poll_after` seconds."""

    provider: str
    provider_ref: str
    poll_after: float = 5.0

    def __post_init__(self) -> None:
        if not self.provider_ref:
            raise ValueError("Without the provider's id there is nothing to ask for.")


@dataclass(frozen=True, slots=True)
class Later:
    """A handler's answer that something it needs isn't there yet: queue it again, that is no failure."""

    seconds: float


@dataclass(frozen=True, slots=True)
class WaitForChildren:
    """A parent's answer: its children do the work from here on."""


Answer = Any  # the kind's result, Waiting, Later or WaitForChildren


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind of job.

    - `input`: a frozen dataclass, parsed before the handler sees it.
    - `run`: does the work outside any transaction and returns a result, `Waiting`, `Later` or `WaitForChildren`. It
      may be called again for the same job: what it buys, it buys through `JobRun`, which never buys a step twice.
    - `store`: puts the result in place and returns the output that the job keeps (without it, the result itself is
      the output). Runs inside the transaction that makes the job `succeeded`, so that one never exists without the
      other. Database only, and quick.
    - `end`: puts in place what is left of it when the job fails for good or is cancelled. Runs inside the transaction
      that ends the job, however it comes to that; database only, and quick.
    - `recount`: puts in place what a job that is over has cost after all: a call of which nobody could tell has been
      resolved. May be called at any time, also for one that runs.
    - `is_replayed`: whether a failed job of the kind may be run again by a person.
    - `poll`: asks the provider about a waiting job; same answers as `run`. Without it, `run` is called again once the
      order that the job waits for has an end (`generation.jobs.polling`).
    - `stop`: tells the provider that a waiting job was cancelled; its errors are ignored. Without it, what was ordered
      by `JobRun.image` or `JobRun.mesh` is cancelled.
    - `summary`: what a parent's events and output tell, from its children's counts by `ItemState`.
    - `title`: what people call the kind; `titles`: what each of some jobs of the kind is about, in few queries and in
      the language of whoever looks.
    - `about`: the ids of jobs that a word finds by what they are about, at most some hundreds.
    - `words`, `links`: what fields of input and output are called, and which model the ids in them are of.
    """

    name: str
    input: type
    run: "Callable[[JobRun], Answer]"
    store: "Callable[[Job, Any], Any] | None" = None
    end: "Callable[[Job], None] | None" = None
    recount: "Callable[[Job], None] | None" = None
    is_replayed: bool = True
    poll: "Callable[[JobRun], Answer] | None" = None
    stop: "Callable[[JobRun], None] | None" = None
    summary: "Callable[[Job, Mapping[str, int]], Any] | None" = None
    max_failures: int = 4
    title: "str | Promise" = ""
    titles: "Callable[[Sequence[Job]], Mapping[UUID, str]] | None" = None
    about: "Callable[[str], Iterable[UUID]] | None" = None
    words: "Mapping[str, str | Promise]" = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(self.title or self.name)

    def parse(self, data: Mapping[str, Any]) -> Any:
        """The stored input as an instance of `input`. Raises `msgspec.ValidationError`."""
        return msgspec.convert(data, type=self.input, strict=False)


KINDS: Registry[JobKind] = Registry("job kind")


def register(kind: JobKind) -> None:
    """Make a kind known; called from `AppConfig.ready`."""
    KINDS.register(kind.name, kind)


def get_kind(name: str) -> JobKind:
    """The kind called `name`. Raises `LookupError` when no installed app registers it."""
    try:
        return KINDS[name]
    except KeyError:
        raise LookupError(f"no app registers the job kind {name!r}") from None


def recount(job: "Job") -> None:
    """Have the job's kind told that a call of it has been resolved."""
    kind = KINDS.get(job.kind)
    if kind is not None and kind.recount is not None:
        kind.recount(job)


def is_replayed(name: str) -> bool:
    """Whether a person may have a failed job of the kind run again."""
    kind = KINDS.get(name)
    return kind is None or kind.is_replayed


def kind_title(name: str) -> str:
    """What people call a kind; its name if no installed app registers it or it has no title."""
    return str(KINDS.get(name, name))


def job_titles(jobs: "Iterable[Job]") -> "dict[UUID, str]":
    """What each job is about, as its kind tells it; the kind's title where it tells nothing."""
    jobs = list(jobs)
    found = {job.pk: kind_title(job.kind) for job in jobs}
    for name in {job.kind for job in jobs}:
        kind = KINDS.get(name)
        if kind is not None and kind.titles is not None:
            found.update(kind.titles([job for job in jobs if job.kind == name]))
    return found


def jobs_about(term: str) -> "list[UUID]":
    """Jobs of all kinds that a word finds by what they are about."""
    return [pk for kind in KINDS.values() if kind.about is not None for pk in kind.about(term)]


def to_json(value: Any) -> Any:
    """A dataclass as plain JSON data."""
    return msgspec.to_builtins(value)
