"""The schema: complete, valid, without a warning, and readable without a network."""

import json
import re
from contextlib import closing
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS

from config.api.docs import schema_json
from config.api.schema import operation
from config.api.views import ApiView


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    schema_json.cache_clear()
    GENERATOR_STATS.reset()
    found: dict[str, Any] = json.loads(schema_json())
    return found


def operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, found)
        for path, methods in schema["paths"].items()
        for method, found in methods.items()
    ]


def test_made_without_a_warning(schema: dict[str, Any]) -> None:
    """That it is valid, too, is looked at by `make lint`."""
    assert not GENERATOR_STATS


def test_every_operation_is_named_tagged_and_exemplified(schema: dict[str, Any]) -> None:
    ids = [found["operationId"] for _, _, found in operations(schema)]
    assert len(ids) == len(set(ids))
    for method, path, found in operations(schema):
        where = f"{method} {path}"
        assert found.get("summary"), where
        assert len(found.get("tags", [])) == 1, where
        assert lacks_examples(found) == [], where


def lacks_examples(found: dict[str, Any]) -> list[str]:
    """The JSON bodies of an operation without an example."""
    bodies = {"request": found.get("requestBody", {}), **found["responses"]}
    return [
        name
        for name, body in bodies.items()
        for media_type, content in body.get("content", {}).items()
        if media_type == "application/json" and not content.get("examples")
    ]


def test_the_look_for_examples_finds_a_missing_one() -> None:
    bare = {"responses": {"200": {"content": {"application/json": {"schema": {}}}}}}
    assert lacks_examples(bare) == ["200"]


def test_every_method_of_a_view_is_described() -> None:
    from tests.architecture.test_endpoints import api_views

    assert undescribed(api_views()) == []


def undescribed(views: Any) -> list[str]:
    return [
        f"{view.__name__}.{method}"
        for view in views
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(view, method) and not hasattr(getattr(view, method), "described")
    ]


def test_the_look_for_descriptions_finds_a_missing_one() -> None:
    class PlantedApi(ApiView):
        @operation("Described", example={})
        def get(self, request: Any) -> None: ...

        def post(self, request: Any) -> None: ...

    assert undescribed([PlantedApi]) == ["PlantedApi.post"]


def test_success_and_errors_have_their_envelopes(schema: dict[str, Any]) -> None:
    found = schema["paths"]["/api/v1/auth/me"]["patch"]
    success = found["responses"]["200"]["content"]["application/json"]
    assert success["schema"] == {"$ref": "#/components/schemas/UserAnswer"}
    envelope = schema["components"]["schemas"]["UserAnswer"]["properties"]
    assert (envelope["status"]["type"], envelope["status"]["const"]) == ("string", "success")
    assert envelope["data"]["$ref"] == "#/components/schemas/User"
    assert success["examples"]["example"]["value"]["data"]["username"] == "李雷"
    assert "ETag" in found["responses"]["200"]["headers"]

    stale = found["responses"]["412"]["content"]["application/json"]
    assert stale["schema"] == {"$ref": "#/components/schemas/Fail"}
    name = stale["examples"]["PRECONDITION_FAILED"]["$ref"].removeprefix("#/components/examples/")
    shown = schema["components"]["examples"][name]["value"]
    assert shown["data"]["code"] == "PRECONDITION_FAILED"
    assert found["responses"]["500"]["content"]["application/json"]["schema"]["$ref"].endswith("/Error")
    assert {"If-Match"} <= {parameter["name"] for parameter in found["parameters"]}


def test_what_refuses_stale_readings_says_by_which_header(schema: dict[str, Any]) -> None:
    """A generated client can send only what the schema names."""
    taking = {
        f"{method} {path}": "If-Match" in {parameter["name"] for parameter in found["parameters"]}
        for method, path, found in operations(schema)
        if "412" in found["responses"]
    }
    assert len(taking) > 10
    assert all(taking.values()), taking


def test_every_post_takes_an_idempotency_key(schema: dict[str, Any]) -> None:
    posts = [found for method, _, found in operations(schema) if method == "post"]
    assert posts
    for found in posts:
        assert "Idempotency-Key" in {parameter["name"] for parameter in found["parameters"]}


def test_login_is_needed_where_it_is(schema: dict[str, Any]) -> None:
    assert schema["paths"]["/api/v1/auth/me"]["get"]["security"] == [{"bearer": ["account:read"]}]
    assert schema["paths"]["/api/v1/auth/logout"]["post"]["security"] == [{"bearer": []}]
    assert "security" not in schema["paths"]["/api/v1/auth/login"]["post"]
    assert schema["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_every_operation_says_what_a_token_needs(schema: dict[str, Any]) -> None:
    explained = schema["components"]["securitySchemes"]["bearer"]["description"]
    for method, path, found in operations(schema):
        if "security" not in found or {} in found["security"]:
            continue
        (needed,) = (one["bearer"] for one in found["security"])
        codes = found["responses"]["403"]["content"]["application/json"]["examples"]
        where = f"{method} {path}"
        if needed:
            assert "SCOPE_MISSING" in codes, where
            assert f"`{needed[0]}`" in found["description"], where
            assert f"- `{needed[0]}`: " in explained, where
        else:
            assert "SESSION_NEEDED" in codes, where
            assert "sessions only" in found["description"], where


def test_account_is_deleted_with_a_body(schema: dict[str, Any]) -> None:
    body = schema["paths"]["/api/v1/auth/me"]["delete"]["requestBody"]
    assert body["content"]["application/json"]["examples"]["example"]["value"].keys() == {"password"}


def test_served_as_json(client: Client) -> None:
    answer = client.get("/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["openapi"].startswith("3.1")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_readers_load_only_what_is_installed(client: Client, path: str) -> None:
    page = client.get(path)

    assert page.status_code == 200
    assert not re.search(r"(?:https?:)?//[a-z]", page.text)
    assets = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    assert assets
    for asset in assets:
        with closing(client.get(asset)) as answer:
            assert answer.status_code == 200, asset


@pytest.mark.django_db
def test_the_login_survives_a_reload_of_the_page(client: Client) -> None:
    assert re.search(r'"persistAuthorization": ?true', client.get("/docs").text)


def test_the_page_explains_what_holds_everywhere(schema: dict[str, Any]) -> None:
    words = (
        "Log in",
        "retryable",
        "next_cursor",
        "Idempotency-Key",
        "?wait=30",
        "is_test",
        "登录",
        "重复发送",
    )
    assert [word for word in words if word not in schema["info"]["description"]] == []


def test_a_stream_is_declared_as_a_stream(schema: dict[str, Any]) -> None:
    answers = schema["paths"]["/api/v1/jobs/{job_id}/events"]["get"]["responses"]
    stream = answers["200"]["content"]["text/event-stream"]["schema"]
    assert (stream["type"], "format" in stream) == ("string", False)
    assert answers["200"]["content"]["application/json"]["schema"]["$ref"].endswith("JobEventPage")
    assert "content" not in answers["204"]


def test_index_says_where_to_go(client: Client) -> None:
    data = client.get("/").json()["data"]
    assert data["name"] == "Atelier"
    for name, link in data["links"].items():
        if name not in {"api", "admin"}:
            assert client.get(link).status_code == 200, link
