"""`docs/openapi.json` is the schema as it is served, so that a change of the API shows in the diff."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from config.api.docs import schema_json
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
