"""The catalogue as callers read it: which models there are, what they can do, until when, and what they cost.

A frozen picture of the tables; `generation.selectors.catalogue` takes it.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches

from generation.domain.prices import ItemPrice, Price, built_in_item_price, built_in_price, is_built_in
from generation.errors import ModelEndedError, ModelUnavailableError, ModelUnknownError

LLM = "llm"
IMAGE = "image"
MESH = "mesh"
#: Feature → column of a `CatalogueModel`.
FEATURES = {
    "json_schema": "has_json_schema",
    "tools": "has_tools",
    "vision": "has_vision",
    "reasoning": "has_reasoning",
}
#: Names that an error suggests at most.
NAMES_SUGGESTED = 5
#: Longer than any model's; comparing costs its square.
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class PriceVersion:
    """A price and since when it is in force. One of the two kinds is there; a text model's needs `tokens`."""

    valid_from: datetime
    tokens: Price | None = None
    items: ItemPrice | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A model, as its provider calls it. `features` are keys of `FEATURES`."""

    provider: str
    name: str
    capability: str = LLM
    label: str = ""
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    features: frozenset[str] = frozenset()
    ends_at: datetime | None = None
    successor: str = ""
    is_active: bool = True
    #: Whether its provider's own list has it; None: nobody knows.
    is_listed: bool | None = None
    #: By time, oldest first.
    prices: tuple[PriceVersion, ...] = ()
    #: Whether its facts were entered: nobody knows what a server of the operator's own or an own key has.
    is_known: bool = True

    @property
    def full_name(self) -> str:
        """How a client names this model and no other."""
        return f"{self.provider}:{self.name}"

    @property
    def takes_images(self) -> bool:
        """Whether it may be asked about images; what nobody knows, its provider decides."""
        return not self.is_known or "vision" in self.features

    def is_ended(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now

    def is_callable(self, now: datetime) -> bool:
        return self.is_active and not self.is_ended(now)

    def price_version(self, at: datetime) -> PriceVersion | None:
        """The version in force at that time."""
        position = bisect_right(self.prices, at, key=lambda version: version.valid_from)
        return self.prices[position - 1] if position else None


#: What is there without any row.
_SANDBOX_FEATURES = frozenset({"json_schema", "vision", "reasoning"})
BUILT_IN_ENTRIES = (
    Entry("sandbox", "sandbox", features=_SANDBOX_FEATURES),
    Entry("sandbox", "sandbox-priced", features=_SANDBOX_FEATURES),
    Entry("sandbox", "sandbox", IMAGE),
    Entry("sandbox", "sandbox-tasks", IMAGE),
    Entry("sandbox", "sandbox-priced", IMAGE),
    Entry("sandbox", "sandbox", MESH),
    Entry("sandbox", "sandbox-tasks", MESH),
    Entry("sandbox", "sandbox-priced", MESH),
)

Key = tuple[str, str, str]
#: Tells whether the model's provider really has it, as far as anybody knows.
Served = Callable[[Entry], bool]


def always(entry: Entry) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All models by (capability, provider, name), in the order of provider and name."""

    entries: Mapping[Key, Entry] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Catalogue":
        """The catalogue of these models and those that are built in; a row overrides a built-in model."""
        known = {(e.capability, e.provider, e.name): e for e in (*BUILT_IN_ENTRIES, *entries)}
        return cls({key: known[key] for key in sorted(known)})

    @property
    def providers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(entry.provider for entry in self.entries.values()))

    def entry(self, provider: str, model: str, *, capability: str = LLM) -> Entry | None:
        return self.entries.get((capability, provider, model))

    def price(
        self, provider: str, model: str, at: datetime | None = None, *, capability: str = LLM
    ) -> Price | None:
        """Per million tokens, in force `at` that time (now); None: nobody has entered one, so it isn't called."""
        version = self._version(provider, model, at, capability)
        return built_in_price(provider, model) if version is None else version.tokens

    def item_price(
        self, provider: str, model: str, at: datetime | None = None, *, capability: str
    ) -> ItemPrice | None:
        """Per image, mesh or second of audio; None: nobody has entered one, so it isn't called."""
        version = self._version(provider, model, at, capability)
        return built_in_item_price(capability, provider, model) if version is None else version.items

    def _version(
        self, provider: str, model: str, at: datetime | None, capability: str
    ) -> PriceVersion | None:
        entry = self.entry(provider, model, capability=capability)
        return None if entry is None else entry.price_version(at or datetime.now(UTC))

    def find(self, name: str, *, capability: str = LLM) -> tuple[Entry, ...]:
        """The models that a client means by `model` or `provider:model`; several providers may have the same one.

        Models hold slashes (SiliconFlow) and colons (Bedrock), so a whole name comes first. A server that costs
        nothing per call has whatever models its operator has put there.
        """
        same = tuple(e for e in self.entries.values() if e.name == name and e.capability == capability)
        if same:
            return same
        provider, _, model = name.partition(":")
        entry = self.entry(provider, model, capability=capability)
        if entry is None and model and is_built_in(capability, provider, model):
            entry = Entry(provider, model, capability, is_known=False)
        return () if entry is None else (entry,)

    def resolve(
        self,
        name: str,
        *,
        providers: Sequence[str],
        capability: str = LLM,
        now: datetime | None = None,
        is_served: Served = always,
    ) -> tuple[Entry, ...]:
        """The models called `name` that can be called through one of `providers`, in their order.

        Raises `ModelUnknownError`, `ModelEndedError`, and `ModelUnavailableError` for a model whose provider isn't
        among `providers` or doesn't serve it, or that staff have switched off.
        """
        now = now or datetime.now(UTC)
        found = self.find(name, capability=capability)
        living = [entry for entry in found if not entry.is_ended(now)]
        usable = [
            entry for entry in living if entry.is_active and entry.provider in providers and is_served(entry)
        ]
        if usable:
            return tuple(sorted(usable, key=lambda entry: providers.index(entry.provider)))
        choices = self.choices(providers=providers, capability=capability, now=now, is_served=is_served)
        if not found:
            raise ModelUnknownError(model=name, near=near(name, choices))
        if not living:
            raise ended(max(found, key=lambda entry: entry.ends_at or now), choices)
        raise ModelUnavailableError(
            model=name,
            providers=[entry.provider for entry in living],
            choices=[entry.full_name for entry in choices[:NAMES_SUGGESTED]],
        )

    def choices(
        self,
        *,
        providers: Sequence[str],
        capability: str = LLM,
        now: datetime,
        is_served: Served = always,
    ) -> list[Entry]:
        """The models with a price that can be called through these providers, in their order: what an error may
        recommend."""
        usable = [
            entry
            for entry in self.entries.values()
            if entry.capability == capability
            and entry.provider in providers
            and entry.is_callable(now)
            and self.has_price(entry.provider, entry.name, now, capability=capability)
            and is_served(entry)
        ]
        return sorted(usable, key=lambda entry: providers.index(entry.provider))

    def has_price(
        self, provider: str, model: str, at: datetime | None = None, *, capability: str = LLM
    ) -> bool:
        """Whether it may be called at that time as far as money goes."""
        if capability == LLM:
            return self.price(provider, model, at) is not None
        return self.item_price(provider, model, at, capability=capability) is not None


def ended(entry: Entry, choices: Iterable[Entry]) -> ModelEndedError:
    """The refusal of a model that isn't called any more; it names the successor if that is one of the `choices`."""
    successors = (
        one.name for one in choices if one.name == entry.successor and one.provider == entry.provider
    )
    return ModelEndedError(
        model=entry.name,
        provider=entry.provider,
        ended_at=entry.ends_at or datetime.now(UTC),
        successor=next(successors, ""),
    )


def near(name: str, choices: Iterable[Entry]) -> list[str]:
    """Names like this one, the most similar first; some of the names when nothing is similar."""
    known = {written.lower(): written for entry in choices for written in (entry.name, entry.full_name)}
    name = name[:LONGEST_NAME]
    close = get_close_matches(name.lower(), known, n=NAMES_SUGGESTED, cutoff=0.5)
    wanted = name.rpartition(":")[2].rpartition("/")[2].lower()
    parts = [key for key in known if wanted and wanted in key and key not in close]
    chosen = [known[key] for key in (*close, *parts)] or [n for n in known.values() if ":" not in n]
    return chosen[:NAMES_SUGGESTED]
