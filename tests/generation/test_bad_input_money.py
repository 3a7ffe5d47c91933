"""Bad input where money and keys are at stake, over HTTP: what is answered, what is said to do next in both languages,
and that nothing has changed, been sent or been spent.

Neighbours: every attack on an address is in tests/config/test_egress_urls.py, every missing scope in
tests/architecture/test_scopes.py, every failure of a verification in tests/generation/test_verification.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import ProviderKey, User
from accounts.selectors.budgets import budget_get
from accounts.selectors.keys import provider_keys_forget_all
from accounts.selectors.users import principal_forget_all
from generation.jobs import gateway, runner
from generation.models import CatalogueModel, Job, ModelPrice, ProviderCall
from generation.providers import registry
from generation.providers.openai_client import close_clients
from generation.selectors.catalogue import catalogue_forget
from templates.models import Document, TemplateBatch
from tests.architecture.test_strangers import snapshot
from tests.conftest import PASSWORD
from tests.generation.factories import run_until_over
from tests.support.access_tokens import bearing, machine, token_of
from tests.support.catalogue import model_make
from tests.support.llm_server import LLMServer, model_list
from tests.templates.factories import project_of, template_of

pytestmark = pytest.mark.django_db

KEYS = "/api/v1/api-keys"
GENERATE = "/api/v1/templates/batch-generate"
KEY = "sk-own-key-of-alice-wxyz"
PRICES = {"input_micros": 1_000_000, "output_micros": 2_000_000}
PRICE = (1_000_000, 100_000, 2_000_000)
LANGUAGES = {"en": "en", "zh": "zh-CN"}

Ask = Callable[..., Any]


@pytest.fixture
def server(settings: Any) -> Iterator[LLMServer]:
    """DeepSeek, with a key of the operator's; and any server of a user's own, as the operator has opened the way."""
    settings.EGRESS_ALLOW_PRIVATE, settings.EGRESS_ALLOW_HTTP = ["127.0.0.1"], True
    with LLMServer() as made:
        made.models = model_list("deepseek-chat", "deepseek-reasoner")
        vendor = {"base_url": made.url, "model": "deepseek-chat", "dialect": "deepseek"}
        options = {**vendor, "api_key": "sk-operator-0123456789"}
        path = "generation.providers.llm.openai.OpenAIChat"
        settings.PROVIDERS = {"llm": {"deepseek": {"path": path, "options": options}}}
        settings.PROVIDER_ORDER = {"llm": ["deepseek"]}
        settings.PROVIDER_VENDORS = {"deepseek": vendor}
        registry.reset()
        gateway.reset()
        model_make("deepseek", "deepseek-chat", price=PRICE)
        yield made
        registry.reset()
        close_clients()


@pytest.fixture
def client(alice: User, client_for: Any) -> APIClient:
    template_of(code="brief", name_zh="简介", name_en="Brief")
    project_of(alice, code="tea", name_zh="云上茶馆 🍵", name_en="Tea House")
    return client_for(alice)


def refused(ask: Ask, *, status: int, code: str, says: tuple[str, str]) -> Any:
    """Asks in both languages and looks at what is answered; returns the details. `says`: what to do next, en and zh."""
    details = None
    for language, words in zip(LANGUAGES.values(), says, strict=True):
        gateway.reset()
        before = snapshot()
        answer = ask(headers={"Accept-Language": language})
        assert answer.status_code == status, answer.content
        told = answer.json()["data"]
        assert (told["code"], told["retryable"], told["charged"]) == (code, False, False)
        assert words in told["message"]
        assert KEY not in answer.content.decode()
        assert snapshot() == before, "nothing has changed"
        details = told["details"]
    return details


def own_key(client: APIClient, server: LLMServer, **fields: Any) -> str:
    """The address of a new key for a server of alice's own."""
    body = {"provider": "custom", "api_key": KEY, "base_url": server.url, "model_name": "茶-1", **PRICES}
    answer = client.post(KEYS, {**body, **fields})
    assert answer.status_code == 201, answer.content
    provider_keys_forget_all()
    return str(answer.headers["Location"])


def failed_job(client: APIClient, model: str, meanwhile: Callable[[], Any] = lambda: None) -> dict[str, Any]:
    """What the API shows of a document's job that fails; `meanwhile` happens between the order and the work."""
    body = {"model": model, "languages": ["zh"], "limit": 1}
    answer = client.post(GENERATE, body)
    assert answer.status_code == 202, answer.content
    meanwhile()
    batch = TemplateBatch.objects.get(pk=answer.json()["data"]["id"])
    runner.run(batch.job_id)
    item = run_until_over(Job.objects.get(parent_id=batch.job_id))
    job: dict[str, Any] = client.get(f"/api/v1/jobs/{item.pk}").json()["data"]
    assert job["status"] == "failed"
    chinese = client.get(f"/api/v1/jobs/{item.pk}", headers={"Accept-Language": "zh"}).json()["data"]["error"]
    return {**job, "chinese": chinese["message"]}


def failed_for_nothing(job: dict[str, Any], owner: User, *, code: str, says: tuple[str, str]) -> Any:
    """Looks at a failed job: what it says to do next, and that it has cost nothing; returns the details."""
    error = job["error"]
    assert (error["code"], error["retryable"], error["charged"]) == (code, False, False)
    assert says[0] in error["message"]
    assert says[1] in job["chinese"]
    assert (job["cost"]["cost_micros"], job["cost"]["reserved_micros"]) == (0, 0)
    for is_test in (False, True):
        budget = budget_get(owner.pk, is_test=is_test)
        assert (budget.used_micros, budget.reserved_micros) == (0, 0)
    assert not Document.objects.exists()
    assert job["attempt"] == 1, "trying again can't help"
    return error["details"]


# -- a key that the vendor refuses -----------------------------------------------------------------------------------

COPIED_WHOLE = ("copied whole", "是否复制完整")


@pytest.mark.parametrize("where", ["tried", "added", "changed"])
def test_a_refused_key(client: APIClient, server: LLMServer, where: str) -> None:
    path = client.post(KEYS, {"provider": "deepseek", "api_key": "sk-the-older-one-abcd"}).headers["Location"]
    server.listing = "deepseek-auth"

    def ask(**options: Any) -> Any:
        if where == "changed":
            return client.patch(path, {"api_key": KEY, "verify": True}, **options)
        body = {"provider": "deepseek", "api_key": KEY}
        if where == "tried":
            return client.post(f"{KEYS}/verify", body, **options)
        return client.post(KEYS, {**body, "verify": True}, **options)

    refused(ask, status=422, code="PROVIDER_KEY_REFUSED", says=COPIED_WHOLE)
    assert ProviderKey.objects.get().last_four == "abcd"
    assert len(server.listings) == 2


@pytest.mark.parametrize(
    ("behaviour", "code", "says"),
    [
        ("auth", "PROVIDER_KEY_REFUSED", COPIED_WHOLE),
        ("no-balance", "PROVIDER_KEY_NO_CREDIT", ("Top it up", "充值")),
    ],
)
def test_a_key_that_is_refused_when_it_is_used(
    client: APIClient, alice: User, server: LLMServer, behaviour: str, code: str, says: tuple[str, str]
) -> None:
    """It is the owner who can mend it, so nobody is sent to the operator; and the key says so, too."""
    path = own_key(client, server, model_name=behaviour)
    job = failed_job(client, behaviour)
    details = failed_for_nothing(job, alice, code=code, says=says)
    assert details == {"provider": "custom", "key_id": path.rsplit("/", 1)[1], "last_four": "wxyz"}
    assert "operator" not in job["error"]["message"]
    assert "管理员" not in job["chinese"]
    assert client.get(path).json()["data"]["error_code"] == code
    assert [call.status for call in ProviderCall.objects.all()] == ["released"]
    assert len(server.calls) == 1


def test_a_key_of_the_operators_that_is_refused(client: APIClient, alice: User, server: LLMServer) -> None:
    model_make("deepseek", "auth", price=PRICE)
    job = failed_job(client, "auth")
    says = ("The operator must check it", "联系管理员")
    assert failed_for_nothing(job, alice, code="PROVIDER_AUTH_FAILED", says=says) == {"provider": "deepseek"}


# -- a base URL that is refused --------------------------------------------------------------------------------------

INWARDS = "https://169.254.169.254/v1"
PUBLIC_NAME = ("Use https://", "请使用 https://")


@pytest.mark.parametrize("where", ["tried", "added", "changed"])
def test_a_refused_address(client: APIClient, server: LLMServer, where: str) -> None:
    path = own_key(client, server)

    def ask(**options: Any) -> Any:
        if where == "changed":
            return client.patch(path, {"api_key": KEY, "base_url": INWARDS}, **options)
        body = {"provider": "custom", "api_key": KEY, "base_url": INWARDS}
        return client.post(f"{KEYS}/verify" if where == "tried" else KEYS, body, **options)

    details = refused(ask, status=422, code="EGRESS_REFUSED", says=PUBLIC_NAME)
    assert details.keys() == {"reason"}
    assert ProviderKey.objects.get().base_url == server.url
    assert server.listings == []


def test_an_address_that_is_refused_when_it_is_called(
    client: APIClient, alice: User, server: LLMServer, settings: Any
) -> None:
    """The operator has closed the way since: nothing is sent there, least of all the key."""
    path = own_key(client, server)

    def close() -> None:
        settings.EGRESS_ALLOW_PRIVATE = []
        close_clients()

    job = failed_job(client, "茶-1", meanwhile=close)
    failed_for_nothing(
        job, alice, code="PROVIDER_ADDRESS_REFUSED", says=("Correct it to https://", "请改为 https://")
    )
    assert client.get(path).json()["data"]["error_code"] == "PROVIDER_ADDRESS_REFUSED"
    assert server.calls == []


# -- a model that doesn't exist, has ended, or has no price ----------------------------------------------------------


def ended(provider: str, name: str) -> None:
    long_ago = timezone.now() - timedelta(days=9)
    CatalogueModel.objects.filter(provider=provider, name=name).update(
        ends_at=long_ago, successor="deepseek-chat"
    )
    catalogue_forget()


def without_price(name: str) -> None:
    ModelPrice.objects.filter(model__name=name).delete()
    catalogue_forget()


@pytest.mark.parametrize("is_dry_run", [True, False])
@pytest.mark.parametrize(
    ("model", "code", "says"),
    [
        ("deepsek-chat", "MODEL_UNKNOWN", ("Name one of deepseek-chat", "可以使用 deepseek-chat")),
        ("old", "MODEL_ENDED", ("instead: deepseek-chat", "请改用：deepseek-chat")),
        ("priceless", "PRICE_MISSING", ("ask staff to enter the price", "登记价格")),
    ],
)
def test_a_model_that_cant_be_called(
    client: APIClient,
    alice: User,
    server: LLMServer,
    model: str,
    code: str,
    says: tuple[str, str],
    is_dry_run: bool,
) -> None:
    """Refused before anything is written: not even a quote pretends that it could be had, or were free."""
    model_make("deepseek", "old", price=PRICE)
    ended("deepseek", "old")
    model_make("deepseek", "priceless", price=None)

    def ask(**options: Any) -> Any:
        return client.post(GENERATE, {"model": model, "dry_run": is_dry_run, "all": True}, **options)

    details = refused(ask, status=422, code=code, says=says)
    if code != "MODEL_UNKNOWN":
        assert details["provider"] == "deepseek"
    assert details["model"] == model
    assert server.calls == []


def test_a_default_model_without_a_price_is_refused_as_well(client: APIClient, server: LLMServer) -> None:
    without_price("deepseek-chat")
    refused(
        lambda **options: client.post(GENERATE, {"all": True}, **options),
        status=422,
        code="PRICE_MISSING",
        says=("GET /api/v1/catalogue", "GET /api/v1/catalogue"),
    )


@pytest.mark.parametrize(
    ("spoil", "code", "says"),
    [
        (lambda: ended("deepseek", "deepseek-chat"), "MODEL_ENDED", ("instead: ", "请改用：")),
        (lambda: without_price("deepseek-chat"), "PRICE_MISSING", ("enter the price", "登记价格")),
        (
            lambda: (CatalogueModel.objects.all().delete(), catalogue_forget()),
            "MODEL_UNKNOWN",
            ("GET /api/v1/catalogue", "GET /api/v1/catalogue"),
        ),
    ],
    ids=["ended", "without a price", "deleted"],
)
def test_a_model_that_goes_while_its_job_waits(
    client: APIClient,
    alice: User,
    server: LLMServer,
    spoil: Callable[[], Any],
    code: str,
    says: tuple[str, str],
) -> None:
    job = failed_job(client, "deepseek-chat", meanwhile=spoil)
    failed_for_nothing(job, alice, code=code, says=says)
    assert server.calls == []
    assert not ProviderCall.objects.exists()


def test_a_key_of_ones_own_without_prices_is_no_free_call(client: APIClient, server: LLMServer) -> None:
    path = own_key(client, server, input_micros=None, output_micros=None)
    refused(
        lambda **options: client.post(GENERATE, {"model": "茶-1", "all": True}, **options),
        status=422,
        code="PRICE_MISSING",
        says=("input_micros, output_micros of the key", "为该密钥填写价格"),
    )
    assert client.patch(path, PRICES).status_code == 200
    provider_keys_forget_all()
    assert client.post(GENERATE, {"model": "茶-1", "limit": 1}).status_code == 202
    assert server.calls == []


@pytest.mark.parametrize("where", ["tried", "added"])
def test_a_model_that_a_keys_provider_lacks(client: APIClient, server: LLMServer, where: str) -> None:
    body = {"provider": "deepseek", "api_key": KEY, "model_name": "deepseek-caht"}

    def ask(**options: Any) -> Any:
        if where == "tried":
            return client.post(f"{KEYS}/verify", body, **options)
        return client.post(KEYS, {**body, "verify": True}, **options)

    details = refused(
        ask, status=422, code="PROVIDER_MODEL_UNKNOWN", says=("Check model_name", "请检查 model_name")
    )
    assert details["near"][0] == "deepseek-chat"


def test_a_model_that_the_provider_has_dropped(client: APIClient, alice: User, server: LLMServer) -> None:
    """The catalogue doesn't know yet."""
    model_make("deepseek", "no-model", price=PRICE)
    job = failed_job(client, "no-model")
    failed_for_nothing(
        job, alice, code="PROVIDER_MODEL_NOT_FOUND", says=("Choose another model", "请选择其他模型")
    )
    assert [call.status for call in ProviderCall.objects.all()] == ["released"]


# -- callers ---------------------------------------------------------------------------------------------------------


def test_a_scope_that_is_missing_is_named_before_money_is_spent(
    client: APIClient, alice: User, server: LLMServer
) -> None:
    robot = machine(alice, "templates:read", "jobs:write")
    robot.post(GENERATE, {"all": True})  # notes that the token was used
    details = refused(
        lambda **options: robot.post(GENERATE, {"limit": 1}, **options),
        status=403,
        code="SCOPE_MISSING",
        says=("lacks the scope templates:write", "缺少权限范围 templates:write"),
    )
    assert details == {"needed": "templates:write", "granted": ["jobs:write", "templates:read"]}


@pytest.mark.parametrize("kind", ["session", "access token"])
def test_a_token_of_a_deleted_user_buys_nothing(
    client: APIClient, alice: User, client_for: Any, server: LLMServer, enqueued: list[Any], kind: str
) -> None:
    """Not even an answer that was kept for the same Idempotency-Key, and what it had ordered isn't carried out."""
    theirs = client_for(alice) if kind == "session" else bearing(token_of(alice, "templates:write"))
    again = {"Idempotency-Key": "一次就好".encode().hex()}
    ordered = theirs.post(GENERATE, {"limit": 1}, headers=again)
    assert ordered.status_code == 202
    job_id = TemplateBatch.objects.get(pk=ordered.json()["data"]["id"]).job_id
    assert client.delete("/api/v1/auth/me", {"password": PASSWORD}).status_code == 204
    principal_forget_all()
    enqueued.clear()

    def ask(*, headers: dict[str, str]) -> Any:
        return theirs.post(GENERATE, {"limit": 1}, headers={**headers, **again})

    refused(ask, status=401, code="TOKEN_INVALID", says=("Log in again", "请重新登录"))
    runner.run(job_id)
    assert not Job.objects.exists()
    assert not ProviderCall.objects.exists()
    assert (server.calls, enqueued) == ([], [])
