"""Every answer to a test client below `/api/` and `/health` is one that `docs/openapi.json` promises: its status, its
media type, its body to the last field."""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

import jsonschema_rs
from django.http import HttpResponseBase

from tests.architecture.house import ROOT

COMMITTED = ROOT / "docs" / "openapi.json"
JSON = "application/json"
#: What no operation promises of itself: that there is no such address, no such method, no such kind of answer.
ANYWHERE = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_ACCEPTABLE}

Schema = dict[str, Any]


class BrokenPromiseError(AssertionError):
    """An answer that the committed schema doesn't promise."""


@cache
def schema() -> Schema:
    found: Schema = json.loads(COMMITTED.read_text(encoding="utf-8"))
    for node in objects(found["components"]["schemas"]):
        node.setdefault("additionalProperties", False)
    return found


def objects(node: Any) -> Iterator[Schema]:
    """Every object of the schema that names its properties."""
    if isinstance(node, list):
        for inner in node:
            yield from objects(inner)
    elif isinstance(node, dict):
        if node.get("type") == "object" and "properties" in node:
            yield node
        for inner in node.values():
            yield from objects(inner)


@cache
def registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry([("urn:openapi", schema())])


@cache
def validator(reference: str) -> Any:
    """For what `#/components/schemas/…` names."""
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"urn:openapi{reference}"}, registry=registry(), validate_formats=True
    )


@cache
def addresses() -> list[tuple[re.Pattern[str], Schema]]:
    """The paths as patterns, those with the fewest parameters first."""
    paths = sorted(schema()["paths"].items(), key=lambda found: found[0].count("{"))
    return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), found) for path, found in paths]


def operations_at(path: str) -> Schema | None:
    return next((found for pattern, found in addresses() if pattern.fullmatch(path)), None)


def check(method: str, path: str, response: HttpResponseBase) -> None:
    """Raises BrokenPromiseError. Addresses that the schema doesn't know are those that only tests have."""
    operations = operations_at(path)
    if operations is None:
        return
    promised = operations.get(method.lower(), {}).get("responses", {}).get(str(response.status_code))
    if promised is None and response.status_code in ANYWHERE:
        promised = {"content": {JSON: {"schema": {"$ref": "#/components/schemas/Fail"}}}}
    where = f"{method} {path} → {response.status_code}"
    if promised is None:
        raise BrokenPromiseError(f"{where} is not in the schema: {text_of(response)}")
    media_type = response.headers.get("Content-Type", "").partition(";")[0]
    content = promised.get("content", {})
    if media_type not in content and (content or text_of(response)):
        raise BrokenPromiseError(f"{where} is {media_type or 'without a type'}, promised: {[*content]}")
    if media_type == JSON:
        judge = validator(content[JSON]["schema"]["$ref"])
        faults = [
            f"{error.instance_path}: {error.message}"
            for error in judge.iter_errors(json.loads(text_of(response)))
        ]
        if faults:
            raise BrokenPromiseError(f"{where}: {faults}")


def text_of(response: HttpResponseBase) -> str:
    return "" if response.streaming else response.content.decode()  # type: ignore[attr-defined]


def checked(request: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """`Client.request`, with a look at what it answers."""

    def look(client: Any, **environ: Any) -> HttpResponseBase:
        response = request(client, **environ)
        method = environ["REQUEST_METHOD"]
        if method not in ("HEAD", "OPTIONS") and response.status_code != HTTPStatus.NOT_MODIFIED:
            check(method, environ["PATH_INFO"], response)
        return response

    return look
