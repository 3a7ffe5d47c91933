"""What adapters must know of a JSON Schema: how to ask for it, and what is inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

_NAMES_BELOW = frozenset({"properties", "$defs", "definitions", "patternProperties", "dependentSchemas"})
_VALUES_BELOW = frozenset({"const", "enum", "default", "examples", "required"})


def json_rule(schema: Mapping[str, Any]) -> str:
    """The sentence that tells a model the schema, where the vendor takes none."""
    return f"Answer with one JSON object that matches this JSON Schema:\n{orjson.dumps(schema).decode()}"


def is_closed(schema: object) -> bool:
    """Whether OpenAI's strict mode takes the schema: every object closed and every property required."""
    return all(
        part.get("additionalProperties") is False
        and set(part.get("required", ())) == set(part.get("properties") or ())
        for part in subschemas(schema)
        if part.get("type") == "object" or "properties" in part
    )


def keywords(schema: object) -> set[str]:
    """Every keyword that is used anywhere in the schema; names of properties are none."""
    return {word for part in subschemas(schema) for word in part}


def referred(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that a `$ref` inside of `root` means. Raises `ValueError` for one that leads nowhere or outside."""
    found: Any = root if reference.startswith("#/") or reference == "#" else None
    for part in reference.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        raise ValueError(f"The schema's reference {reference!r} leads nowhere.")
    return found


def subschemas(schema: object) -> Iterator[Mapping[str, Any]]:
    """The schema and all schemas inside it."""
    if isinstance(schema, Mapping):
        yield schema
        for word, value in schema.items():
            if word in _NAMES_BELOW and isinstance(value, Mapping):
                for named in value.values():
                    yield from subschemas(named)
            elif word not in _VALUES_BELOW:
                yield from subschemas(value)
    elif isinstance(schema, list | tuple):
        for item in schema:
            yield from subschemas(item)
