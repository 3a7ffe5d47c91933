"""The smallest instance of a JSON Schema, for answers that nobody thought up."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from generation.providers.llm.json_schema import referred

_FORMATS: Mapping[str, str] = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "email": "sandbox@example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
    "ipv4": "192.0.2.1",
    "hostname": "example.com",
}
_BOUNDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "minimum": operator.ge,
    "maximum": operator.le,
    "exclusiveMinimum": operator.gt,
    "exclusiveMaximum": operator.lt,
}
_MAX_DEPTH = 32


def minimal_instance(schema: Mapping[str, Any], *, word: str = "sandbox") -> Any:
    """A value that satisfies `schema`, with required properties only; free strings are `word`.

    Knows types, `const`, `enum`, `default`, local `$ref`, `allOf`, the first of `anyOf`/`oneOf`, bounds,
    lengths and formats; not `pattern`. Raises `ValueError` for a reference that leads nowhere or in circles
    and for bounds that exclude each other.
    """
    return _value(schema, schema, word, 0)


def _value(schema: Any, root: Mapping[str, Any], word: str, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise ValueError("The schema's required properties refer to each other in a circle.")
    if not isinstance(schema, Mapping):
        return {}
    schema = _resolved(schema, root, depth)
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = _kind(schema)
    if kind == "object":
        names = schema.get("required", ())
        properties = schema.get("properties", {})
        return {name: _value(properties.get(name, {}), root, word, depth + 1) for name in names}
    if kind == "array":
        return _array(schema, root, word, depth)
    if kind == "string":
        return _string(schema, word)
    if kind in ("integer", "number"):
        return _number(schema, kind)
    return {"boolean": False, "null": None}.get(kind)


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Mapping[str, Any]:
    """`schema` with its reference, its `allOf` and the first of its choices merged in."""
    parts: list[Mapping[str, Any]] = []
    if "$ref" in schema:
        parts.append(referred(schema["$ref"], root))
    parts += schema.get("allOf", ())
    for name in ("anyOf", "oneOf"):
        parts += schema.get(name, ())[:1]
    if not parts:
        return schema
    if depth > _MAX_DEPTH:
        raise ValueError("The schema refers to itself without end.")
    merged = {key: value for key, value in schema.items() if key not in ("$ref", "allOf", "anyOf", "oneOf")}
    for part in parts:
        found = _resolved(part, root, depth + 1)
        required = [*merged.get("required", ()), *found.get("required", ())]
        properties = {**found.get("properties", {}), **merged.get("properties", {})}
        merged = {**found, **merged}
        if required:
            merged["required"] = list(dict.fromkeys(required))
        if properties:
            merged["properties"] = properties
    return merged


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list | tuple):
        kind = kind[0]
    if kind is None:
        kind = "array" if "items" in schema or "prefixItems" in schema else "object"
    return str(kind)


def _array(schema: Mapping[str, Any], root: Mapping[str, Any], word: str, depth: int) -> list[Any]:
    first = schema.get("prefixItems", ())
    count = max(schema.get("minItems", 0), len(first))
    items = [*first, *[schema.get("items", {})] * (count - len(first))]
    values = [_value(item, root, word, depth + 1) for item in items]
    if schema.get("uniqueItems"):
        values = [f"{value} {n}" if isinstance(value, str) else value for n, value in enumerate(values, 1)]
    return values


def _string(schema: Mapping[str, Any], word: str) -> str:
    text: str = _FORMATS.get(schema.get("format", ""), word)
    text += "." * (schema.get("minLength", 0) - len(text))
    return text[: schema["maxLength"]] if "maxLength" in schema else text


def _number(schema: Mapping[str, Any], kind: str) -> float | int:
    """Zero if it is allowed, else the first allowed value near a bound."""
    step = schema.get("multipleOf", 1 if kind == "integer" else None)
    bounds = [schema[name] for name in _BOUNDS if name in schema]
    near = [
        0,
        *bounds,
        *(bound + (step or 1) for bound in bounds),
        *(bound - (step or 1) for bound in bounds),
    ]
    near.append(sum(bounds) / len(bounds) if bounds else 0)
    for value in near:
        for candidate in _on_step(value, step):
            if all(allows(candidate, schema[name]) for name, allows in _BOUNDS.items() if name in schema):
                return int(candidate) if kind == "integer" else candidate
    raise ValueError("The schema's bounds allow no number.")


def _on_step(value: float, step: float | None) -> tuple[float, ...]:
    if step is None:
        return (value,)
    return math.ceil(value / step) * step, math.floor(value / step) * step
