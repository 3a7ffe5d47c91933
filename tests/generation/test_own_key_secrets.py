"""Whatever happens to a user's own key, it is written down nowhere: a marked key goes through everything that can be
done with keys, succeeds and fails in every way, and is then searched in all tables, logs, answers and pages."""

import base64
import logging
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import ProviderKey, User
from accounts.services import keys as service
from accounts.services.keys import key_refused, key_set_active, key_worked
from generation.jobs import verification
from generation.providers.openai_client import close_clients
from tests.conftest import Enqueued
from tests.support.closed_port import closed_port
from tests.support.llm_server import LLMServer, model_list

KEYS = "/api/v1/api-keys"
KEY = "sk-marked/7f3a91+never=show-wxyz"
#: Refused for what is in them.
BROKEN = [f"{KEY} {KEY}", f"{KEY}\r\nX-Evil: 1", f"{KEY}密钥", KEY * 20, f"{KEY}\u0001"]
#: What the vendor does: takes the key, refuses it, repeats it, fails, breaks off, says nothing.
DEEDS = (
    *(
        "ok",
        "auth",
        "qwen-auth",
        "echo",
        "echo-401",
        "echo-500",
        "no-balance",
        "quota",
        "rate-limit",
        "overloaded",
    ),
    *("error-500", "bare-500", "error-502", "error-504", "no-model", "bad-request", "no-route", "redirect"),
    *("bad-json", "cut", "lost", "hang", "drip"),
)


def forms(secret: str) -> set[str]:
    """How it may look in a text; of its base64, what doesn't depend on what stands beside it."""
    found = {secret, secret[:-4], quote(secret, safe=""), secret.encode().hex()}
    for offset in range(3):
        found.add(base64.b64encode(b"x" * offset + secret.encode() + b"xx")[4:-8].decode())
    return found


class Captured(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self.texts.append(f"{record.name}: {record.getMessage()} {record.args!r} {trace}")


@pytest.fixture
def logs() -> Iterator[Captured]:
    """Everything that any logger says, at any level."""
    captured, root = Captured(), logging.getLogger()
    before = root.level
    root.addHandler(captured)
    root.setLevel(logging.DEBUG)
    yield captured
    root.setLevel(before)
    root.removeHandler(captured)


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[LLMServer]:
    monkeypatch.setattr(verification, "TIMEOUT_S", 0.2)
    monkeypatch.setattr(service, "VERIFICATIONS_PER_MINUTE", 1_000_000)
    settings.EGRESS_ALLOW_PRIVATE = ["127.0.0.1"]
    settings.EGRESS_ALLOW_HTTP = True
    with LLMServer() as made:
        settings.PROVIDER_VENDORS = {"openai": {"base_url": made.url, "model": "m", "dialect": "openai"}}
        yield made
        close_clients()


def tables() -> Iterator[tuple[str, str]]:
    """Every table and all that it holds, straight from the database."""
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names():
            if name.endswith("_search"):
                continue  # SQLite's index of searches keeps no text of its own; its pieces stand in tables beside it
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")
            rows = [
                [bytes(value) if isinstance(value, memoryview) else value for value in row] for row in cursor
            ]
            yield name, repr(rows)


def ways(client: Any, server: LLMServer) -> Iterator[Any]:
    """The answers to all that can be done with a key while the vendor does what it does."""
    body = {"provider": "openai", "api_key": KEY, "name": "密钥"}
    again = {"Idempotency-Key": f"same-{server.listing}"}
    for _ in range(2):
        yield client.post(KEYS, body, headers=again)
    yield client.post(KEYS, {**body, "verify": True})
    yield client.post(f"{KEYS}/verify", body | {"name": "x"})  # an unknown field
    attempt = {"provider": "openai", "api_key": KEY}
    yield client.post(f"{KEYS}/verify", attempt, headers=again)
    yield client.post(f"{KEYS}/verify", {**attempt, "model_name": "no-such"})
    yield client.post(f"{KEYS}/verify", {**attempt, "base_url": server.url})
    path = f"{KEYS}/{ProviderKey.objects.latest('pk').pk}"
    yield client.post(f"{path}/verify", headers=again)
    yield client.patch(path, {"api_key": KEY, "verify": True, "model_name": "m"})
    yield client.patch(path, {"base_url": server.url, "verify": True})
    yield client.patch(path, {"api_key": KEY, "base_url": server.url, "verify": True})
    yield client.get(path)
    yield client.get(f"{KEYS}?search=密钥")
    yield client.delete(path)


def mistakes(client: Any) -> Iterator[Any]:
    for key in BROKEN:
        yield client.post(KEYS, {"provider": "openai", "api_key": key})
        yield client.post(f"{KEYS}/verify", {"provider": "openai", "api_key": key})
    key = {"api_key": KEY}
    yield client.post(KEYS, {**key, "provider": "nobody"})
    yield client.post(KEYS, {**key, "provider": "custom"})
    yield client.post(KEYS, {**key, "provider": "custom", "base_url": "https://169.254.169.254/v1"})
    yield client.post(KEYS, {**key, "provider": "openai", "api_key": [KEY]})
    yield client.post(
        f"{KEYS}/verify", {**key, "provider": "openai", "base_url": f"http://127.0.0.1:{closed_port()}"}
    )
    yield client.post(KEYS, f'{{"api_key": "{KEY}"', content_type="application/json")
    yield client.post(KEYS, f"api_key={KEY}", content_type="application/x-www-form-urlencoded")
    yield client.put(KEYS, key)


def pages(staff: User) -> Iterator[Any]:
    back_office = Client()
    back_office.force_login(staff)
    changelist = reverse("admin:accounts_providerkey_changelist")
    yield back_office.get(changelist)
    yield back_office.get(f"{changelist}?q=alice")
    for key in ProviderKey.objects.all()[:3]:
        yield back_office.get(reverse("admin:accounts_providerkey_change", args=[key.pk]))
        form = {"action": "deactivate", "_selected_action": [str(key.pk)]}
        yield back_office.post(changelist, form, follow=True)
    for path in (
        "/admin/",
        reverse("admin:accounts_user_change", args=[ProviderKey.objects.first().owner_id]),
    ):
        yield back_office.get(path)


def found_in(texts: dict[str, str]) -> dict[str, str]:
    """Where the key stands, and in which form."""
    return {where: form for where, text in texts.items() for form in forms(KEY) if form in text}


def broken(**asked: Any) -> Any:
    """A mistake of ours, in a frame that knows the key."""
    raise RuntimeError("nobody has thought of this")


def test_a_marked_key_is_written_down_nowhere(
    alice: User,
    staff: User,
    client_for: Any,
    server: LLMServer,
    logs: Captured,
    enqueued: Enqueued,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = client_for(alice)
    client.raise_request_exception = False
    shown: dict[str, str] = {}

    def show(name: str, answer: Any) -> None:
        shown[f"{len(shown)} {name} {answer.status_code}"] = f"{answer.content.decode()} {answer.headers}"

    server.models = model_list("m", KEY, f"prefix-{KEY}")
    for server.listing in DEEDS:
        for answer in ways(client, server):
            show(server.listing, answer)
        ProviderKey.objects.filter(pk__in=ProviderKey.objects.order_by("-pk")[2:]).delete()
    for answer in mistakes(client):
        show("mistake", answer)

    server.listing = "ok"
    kept = client.post(KEYS, {"provider": "openai", "api_key": KEY}).json()["data"]["id"]
    for code in ("PROVIDER_AUTH_FAILED", "PROVIDER_QUOTA_EXHAUSTED"):
        key_refused(kept, code)
    key_worked(kept)
    key_set_active(key=ProviderKey.objects.get(pk=kept), is_active=False)
    for answer in pages(staff):
        show("admin", answer)
    settings.ENCRYPTION_KEYS = ["bmV3" * 10 + "bmU="]
    call_command("rotate_keys")
    settings.ENCRYPTION_KEYS = ["b2xk" * 10 + "b2s="]
    for options in ({}, {"dry_run": True}):
        with suppress(CommandError):
            call_command("rotate_keys", **options)
    show("unreadable", client.post(f"{KEYS}/{kept}/verify"))
    monkeypatch.setattr(verification, "list_models", broken)
    show("bug", client.post(f"{KEYS}/verify", {"provider": "openai", "api_key": KEY}))

    statuses = {name.rsplit(" ", 1)[1] for name in shown}
    assert statuses >= {"200", "201", "204", "400", "405", "415", "422", "500", "502", "503", "504"}
    written = dict(tables())
    assert "密钥" in written["accounts_providerkey"]
    assert "create_api_key" in written["accounts_activity"]
    assert len(server.listings) > 100
    assert "nobody has thought of this" in "".join(logs.texts)
    assert found_in(written) == {}
    assert found_in(shown) == {}
    assert found_in({f"log {n}": text for n, text in enumerate(logs.texts)}) == {}
    assert found_in({"tasks": repr(enqueued)}) == {}


def test_the_search_finds_something(alice: User, logs: Captured) -> None:
    """In each place, were it there."""
    ProviderKey.objects.create(owner=alice, provider="openai", secret="sk-other", name=KEY)
    logging.getLogger("planted").debug("key %s", KEY)
    assert set(found_in(dict(tables()))) == {"accounts_providerkey"}
    assert found_in({"log": "".join(logs.texts)})
    assert found_in({"page": f"…{base64.b64encode(KEY.encode()).decode()}"})
    assert found_in({"page": quote(KEY, safe="")})
    assert not found_in({"page": "…wxyz"})
