"""The models that come with the product, read from `generation/catalogue/*.toml`."""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from generation.domain.catalogue import FEATURES, LLM
from generation.domain.prices import CURRENCY, PriceTier

FOLDER = Path(__file__).resolve().parent.parent / "catalogue"
CAPABILITIES = frozenset({LLM, "image", "mesh", "transcription"})
#: How the versions of list prices begin; those that staff enter begin otherwise.
LIST_VERSION = "list-"
MICROS = 1_000_000

_HEAD = frozenset({"provider", "currency", "per_usd", "read_at", "source", "vendor_hosts", "models"})
_MODEL = frozenset(
    {"name", "label", "capability", "context_tokens", "max_output_tokens", "features", "ends_at", "successor",
     "source", "prices"}
)  # fmt: skip
_PRICE = frozenset({"valid_from", "input", "cached_input", "output", "item", "tiers", "source"})
_TIER = frozenset({"quality", "most_pixels", "item"})


class ListPriceError(ValueError):
    """A file that can't be read as a list of models; names the file and the model."""


@dataclass(frozen=True, slots=True)
class ListPrice:
    """A list price in micro-units: per million tokens, or per item."""

    version: str
    valid_from: datetime
    source: str
    input_micros: int | None = None
    cached_input_micros: int | None = None
    output_micros: int | None = None
    item_micros: int | None = None
    tiers: tuple[PriceTier, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model of the files. `facts` are the columns of a `CatalogueModel` besides its key."""

    provider: str
    name: str
    capability: str
    facts: Mapping[str, Any]
    prices: tuple[ListPrice, ...]


@cache
def vendor_hosts(folder: Path = FOLDER) -> Mapping[str, tuple[str, ...]]:
    """Which hosts are a provider's own, by provider."""
    heads = [tomllib.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.toml"))]
    return {head["provider"]: tuple(head.get("vendor_hosts", ())) for head in heads}


def is_second_hand(provider: str, source: str) -> bool:
    """Whether a price was read elsewhere than at its vendor; False where no source is named or the vendor unknown."""
    hosts, host = vendor_hosts().get(provider, ()), urlsplit(source).hostname or ""
    return bool(host and hosts) and not any(host == one or host.endswith(f".{one}") for one in hosts)


def load_listed_models(folder: Path = FOLDER) -> tuple[ListedModel, ...]:
    """All models of all files, by provider. Raises `ListPriceError`."""
    return tuple(model for path in sorted(folder.glob("*.toml")) for model in _read(path))


def fingerprint(facts: Mapping[str, Any]) -> str:
    """Tells whether facts are still those that were seeded."""
    return hashlib.sha256(json.dumps(dict(facts), sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: Any) -> str:
    return str(value.timestamp() if isinstance(value, datetime) else value)


def micros(amount: str, per_usd: Decimal = Decimal(1)) -> int:
    """Whole units of a currency as micro-units of US dollars, rounded up. Raises ValueError."""
    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise ValueError(f"{amount!r} is no amount") from None
    if not value.is_finite() or value < 0:
        raise ValueError(f"{amount!r} is no amount")
    return int((value * MICROS / per_usd).to_integral_value(rounding=ROUND_CEILING))


def _read(path: Path) -> Iterator[ListedModel]:
    try:
        head = tomllib.loads(path.read_text(encoding="utf-8"))
        _only(head, _HEAD)
        rate = _rate(head)
    except (KeyError, TypeError, ValueError) as error:
        raise ListPriceError(f"{path.name}: {error}") from error
    for row in head["models"]:
        try:
            yield _model(head, row, rate)
        except (KeyError, TypeError, ValueError) as error:
            raise ListPriceError(
                f"{path.name}, {row.get('name', 'a model without a name')}: {error}"
            ) from error


def _rate(head: Mapping[str, Any]) -> Decimal:
    if head["currency"] == CURRENCY:
        return Decimal(1)
    return Decimal(head["per_usd"])


def _model(head: Mapping[str, Any], row: Mapping[str, Any], rate: Decimal) -> ListedModel:
    _only(row, _MODEL)
    features = frozenset(row.get("features", ()))
    _only(features, frozenset(FEATURES))
    capability = row.get("capability", LLM)
    if capability not in CAPABILITIES:
        raise ValueError(f"{capability!r} is no capability")
    source = row.get("source", head.get("source", ""))
    facts = {
        "label": row.get("label", ""),
        "context_tokens": row.get("context_tokens"),
        "max_output_tokens": row.get("max_output_tokens"),
        **{column: feature in features for feature, column in FEATURES.items()},
        "ends_at": row.get("ends_at"),
        "successor": row.get("successor", ""),
        "source": source,
    }
    prices = [_price(one, source, rate, capability) for one in row.get("prices", ())]
    return ListedModel(head["provider"], row["name"], capability, facts, tuple(prices))


def _price(row: Mapping[str, Any], source: str, rate: Decimal, capability: str) -> ListPrice:
    _only(row, _PRICE)
    needed = {"input", "output"} if capability == LLM else {"item"}
    if not needed <= row.keys():
        raise ValueError(f"a price needs {' and '.join(sorted(needed))}")
    amounts = {
        f"{name}_micros": micros(row[name], rate)
        for name in ("input", "cached_input", "output", "item")
        if name in row
    }
    begins: datetime = row["valid_from"]
    tiers = tuple(_tier(one, rate) for one in row.get("tiers", ()))
    version = f"{LIST_VERSION}{begins:%Y-%m-%d}"
    return ListPrice(version, begins, row.get("source", source), **amounts, tiers=tiers)


def _tier(row: Mapping[str, Any], rate: Decimal) -> PriceTier:
    _only(row, _TIER)
    return PriceTier(micros(row["item"], rate), row.get("quality", ""), row.get("most_pixels"))


def _only(found: Mapping[str, Any] | frozenset[str], known: frozenset[str]) -> None:
    """Raises ValueError for words that nobody reads, since they are misspelt ones."""
    unknown = sorted(set(found) - known)
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}")
