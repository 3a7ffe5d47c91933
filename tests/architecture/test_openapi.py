"""`docs/openapi.json` is the schema as it is served, so that a change of the API shows in the diff."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from config.api.docs import schema_json
from config.api.words import TAGS, WORDS
from tests.architecture.house import ROOT

COMMITTED = ROOT / "docs" / "openapi.json"
REMEDY = "make it anew: manage.py spectacular --format openapi-json --file docs/openapi.json"


@pytest.fixture(scope="module")
def served() -> Any:
    """As somebody who reads Chinese gets it, who happens to be the first to ask."""
    schema_json.cache_clear()
    with translation.override("zh-hans"):
        return json.loads(schema_json())


def differing(committed: Any, served: Any, where: str = "") -> list[str]:
    """The paths of the first things that differ in each object, without what they say."""
    if isinstance(committed, dict) and isinstance(served, dict):
        names = sorted(committed.keys() | served.keys())
        missing = object()
        return [
            found
            for name in names
            for found in differing(committed.get(name, missing), served.get(name, missing), f"{where}/{name}")
        ]
    return [] if committed == served else [where]


def test_the_committed_schema_is_up_to_date(served: Any) -> None:
    committed = json.loads(Path(COMMITTED).read_text(encoding="utf-8"))
    changes = differing(committed, served)
    assert changes == [], f"{len(changes)} changes, {REMEDY}"


def test_a_change_of_the_api_is_noticed(served: Any) -> None:
    planted = json.loads(json.dumps(served))
    planted["paths"]["/api/v1/planted"] = {}
    planted["paths"]["/api/v1/jobs"]["get"]["summary"] = "Something else"
    del planted["components"]["schemas"]["Fail"]
    assert differing(planted, served) == [
        "/components/schemas/Fail",
        "/paths//api/v1/jobs/get/summary",
        "/paths//api/v1/planted",
    ]


# -- descriptions --------------------------------------------------------------------------------------------------


def parts(node: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Every parameter, and every property of an object, with its place."""
    if isinstance(node, list):
        for inner in node:
            yield from parts(inner, where)
    elif isinstance(node, dict):
        if {"in", "name"} <= node.keys():
            yield f"{where}/{node['name']}", node
        if isinstance(node.get("properties"), dict) and node.get("type") == "object":
            yield from ((f"{where}/{name}", inner) for name, inner in node["properties"].items())
        for key, inner in node.items():
            if key not in ("example", "examples"):
                yield from parts(inner, f"{where}/{key}")


DESCRIBED_BY = (
    "give each a help= (a model's field: help_text=), or its name a line in the app's api/words.py:"
)


def undescribed(schema: Any) -> list[str]:
    return [where for where, node in parts(schema) if not node.get("description")]


def test_every_parameter_and_every_property_says_what_it_is(served: Any) -> None:
    found = undescribed(served)
    assert not found, "\n".join([DESCRIBED_BY, *found])
    assert len(list(parts(served))) > 700


def test_the_guard_finds_what_says_nothing() -> None:
    planted = {
        "a": {"parameters": [{"in": "query", "name": "q"}]},
        "b": {
            "type": "object",
            "properties": {"deep": {"type": "object", "description": "x", "properties": {"z": {}}}},
        },
    }
    assert undescribed(planted) == ["/a/parameters/q", "/b/properties/deep/z"]


def test_no_word_is_described_in_vain(served: Any) -> None:
    """A word that every field says by itself, or that no field has, is of no use."""
    said = {(where.rpartition("/")[2], node.get("description")) for where, node in parts(served)}
    assert [name for name, text in WORDS.items() if (name, text) not in said] == []


def test_every_group_of_operations_says_what_it_is_about(served: Any) -> None:
    operations = [operation for path in served["paths"].values() for operation in path.values()]
    used = {tag for operation in operations for tag in operation["tags"]}
    assert {tag["name"] for tag in served["tags"] if tag["description"].endswith(".")} == used == set(TAGS)
