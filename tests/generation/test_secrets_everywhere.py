"""Whatever a provider does, its key is written down nowhere.

Every failure of every adapter goes through the engine with a marked key, whole and as a stream, until its job is over.
Then everything that was written is searched: rows, events, answers, the back office, tasks, logs, standard error. (That
an adapter of any dialect lets no key out by itself is told by tests/contract/test_secrets.py; here those that share an
adapter with DeepSeek and the custom server go through what repeats a key or breaks off, and through their own errors.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.db.models import Model

from accounts.errors import ProviderKeyNoCreditError, ProviderKeyRefusedError
from accounts.models import ProviderKey, User
from accounts.selectors.keys import provider_keys_forget_all
from config.env import Env
from config.providers import provider_settings
from generation.domain.states import CallStatus, JobStatus
from generation.jobs import gateway, runner
from generation.jobs.registry import NoOutput
from generation.jobs.routes import routes_for
from generation.jobs.run import JobRun
from generation.models import Job, JobEvent, ProviderCall
from generation.providers import base, registry
from generation.providers.base import ProviderError
from generation.providers.llm import bedrock_client
from generation.providers.llm.base import ChatMessage, ChatRequest
from generation.providers.openai_client import close_clients
from tests.architecture.test_strangers import doors
from tests.conftest import Enqueued
from tests.generation.factories import make_due, scripted_job
from tests.support.catalogue import model_make
from tests.support.echoes import EchoBedrock, EchoServer
from tests.support.llm_server import LLMServer, key_hash
from tests.support.search import Heard, Marks, Place, answers, listening, pages, rows, stream_chunks, tasks

#: Of no vendor's form, so that no pattern takes it out of a log; with what is quoted and escaped.
KEY = "aQ7xZk2Mw+9/Rt=vHs4LpN8cJ_y-5.GdBf3WqT6uKe1YnX9owxyz"
SESSION = "Vb3nM6sEt+4/Gy=kPq8RzL1dC_w-7.HjXa5UoI2mSf9DvK3etuvw"
KEY_ID = "AKIA5QZ7MARKED3K9XWV"
OLD, NEW = "b2xkT0xEb2xkT0xEb2xkT0xEb2xkT0xEb2xkT0xEb2w=", "bmV3TkVXbmV3TkVXbmV3TkVXbmV3TkVXbmV3TkVXbmU="
MARKS = Marks(KEY, SESSION, KEY_ID, OLD, NEW)

PRICE = (1_000_000, 100_000, 2_000_000)
#: Seconds of silence that are borne.
PATIENCE = 0.06
SILENT = {"hang", "hang-once", "only-keep-alive"}
#: They wait for other calls.
TOGETHER = {"gather", "delay"}
#: botocore bounds silence only, and this is never silent.
NOT_AWS = {"only-keep-alive"}
BROKEN_OFF = {"ok", "cut", "hang", "bad-json", "stream-error"}

ENVIRONMENTS = {
    "deepseek": {"DEEPSEEK_API_KEY": KEY, "DEEPSEEK_BASE_URL": "URL"},
    "openai": {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "URL"},
    "qwen": {"QWEN_LLM_API_KEY": KEY, "QWEN_LLM_BASE_URL": "URL"},
    "moonshot": {"MOONSHOT_API_KEY": KEY, "MOONSHOT_BASE_URL": "URL"},
    "siliconflow": {"SILICONFLOW_API_KEY": KEY, "SILICONFLOW_BASE_URL": "URL"},
    "local": {"LOCAL_LLM_API_KEY": KEY, "LOCAL_LLM_BASE_URL": "URL"},
    "local-model": {"SMALL_MODEL_API_KEY": KEY, "SMALL_MODEL_BASE_URL": "URL"},
    "bedrock": {
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_SESSION_TOKEN": SESSION,
        "AWS_REGION": "us-east-1",
        "BEDROCK_ENDPOINT_URL": "URL",
    },
}

#: The operator's key, or the owner's.
REFUSED = {base.AUTH_FAILED, ProviderKeyRefusedError.code}


def mostly_once(names: Iterable[str]) -> list[Any]:
    """The first one on every database, the others where databases don't matter."""
    first, *others = names
    return [first, *(pytest.param(name, marks=pytest.mark.once) for name in others)]


def all_of(server: LLMServer) -> list[str]:
    return sorted(set(server.behaviours) - TOGETHER - (NOT_AWS if isinstance(server, EchoBedrock) else set()))


def spiteful(server: LLMServer, name: str) -> list[str]:
    """What repeats a key, or breaks off, and this vendor's own errors."""
    repeating = {one for one in server.behaviours if one.startswith(("echo", f"{name}-")) or "auth" in one}
    return sorted(repeating | BROKEN_OFF)


# -- what happens ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def vendor() -> Iterator[LLMServer]:
    with EchoServer() as server:
        yield server
        close_clients()


@pytest.fixture(scope="module")
def aws() -> Iterator[LLMServer]:
    with EchoBedrock() as server:
        yield server
        bedrock_client.close_clients()


@pytest.fixture
def heard(db: None) -> Iterator[Heard]:
    with listening() as heard:
        yield heard


@pytest.fixture
def environment(settings: Any) -> Iterator[Callable[[str, str], None]]:
    """Settings as a server makes them of its environment, with a marked key for this provider, at this address."""

    def choose(name: str, url: str) -> None:
        said = {key: url if value == "URL" else value for key, value in ENVIRONMENTS[name].items()}
        env = Env({**said, "LLM_PROVIDERS": name, "ENV_FILE": ""})
        settings.PROVIDERS, settings.PROVIDER_ORDER, settings.PROVIDER_VENDORS = provider_settings(env)
        env.done()
        registry.reset()

    gateway.reset()
    yield choose
    registry.reset()
    gateway.reset()


def asked(behaviour: str, model: str | None) -> ChatRequest:
    said = ChatMessage("user", f"机密 🔑 [[server:{behaviour}]]")
    patience = PATIENCE if behaviour in SILENT else 5.0
    return ChatRequest((said,), model=model, max_output_tokens=200, timeout_s=patience)


def both_ways(behaviour: str, model: str | None) -> Callable[[JobRun], NoOutput]:
    """A handler that buys the text whole and as a stream, and fails as the last of the two does."""

    def run(run: JobRun) -> NoOutput:
        failure = None
        for step, on_delta in (("whole", None), ("streamed", lambda delta: None)):
            gateway.reset()  # nobody waits here as long as Retry-After and an open circuit ask for
            try:
                run.chat(step, asked(behaviour, model), feature="test", on_delta=on_delta)
            except (ProviderError, ProviderKeyRefusedError, ProviderKeyNoCreditError) as error:
                failure = error
        if failure is not None:
            raise failure
        return NoOutput()

    return run


def dropping(model: str | None) -> Callable[[JobRun], NoOutput]:
    """A handler that breaks in the middle of a stream."""

    def drop(delta: Any) -> None:
        raise ZeroDivisionError("nobody has thought of this, either")

    def run(run: JobRun) -> NoOutput:
        run.chat("dropped", asked("ok", model), feature="test", on_delta=drop)
        return NoOutput()

    return run


def broken(model: str | None) -> Callable[[JobRun], NoOutput]:
    """A mistake of ours, in a frame that knows the adapter and its key."""

    def run(run: JobRun) -> NoOutput:
        route = routes_for(run.job.owner_id, model=model)[0]
        llm = route.llm()
        plain = route.key.secret.reveal() if route.key else KEY
        raise RuntimeError(f"nobody has thought of this: {len(plain)} {llm} {llm!r}")

    return run


def play(
    owner: User, behaviours: Iterable[str], *, committing: Any, model: str | None = None, attempts: int = 1
) -> list[Job]:
    """A job for each behaviour, and two that break by themselves; each runs until it is over."""
    handlers = [*(both_ways(behaviour, model) for behaviour in behaviours), dropping(model), broken(model)]
    with committing(execute=True):
        jobs = [scripted_job(owner, handler) for handler in handlers]
        Job.objects.update(max_failures=attempts)
        for job in jobs:
            run_until_over(job)
    return jobs


def run_until_over(job: Job) -> None:
    while not job.is_terminal:
        make_due(job)
        runner.run(job.pk)
        job.refresh_from_db()


# -- what was written ------------------------------------------------------------------------------------------------


def addresses(jobs: Iterable[Job]) -> Iterator[str]:
    """All that the owner may read; of jobs, one of each outcome."""
    keys = {
        "job_id": {job.error_code: job.pk for job in jobs}.values(),
        "key_id": list(ProviderKey.objects.values_list("pk", flat=True)),
    }
    for door in doors():
        if door.method == "get" and not door.parameters:
            yield door.url({})
        elif door.method == "get" and door.parameters[0] in keys:
            yield from (door.url({door.parameters[0]: pk}) for pk in keys[door.parameters[0]])


def telling() -> list[Model]:
    """Rows that the back office shows on pages of their own: refused, named by the vendor, broken."""
    refused = Job.objects.filter(error_code__in=REFUSED).latest("pk")
    others = [
        Job.objects.filter(error_code=code).latest("pk") for code in (base.BAD_ANSWER, "JOB_INTERNAL_ERROR")
    ]
    calls = [ProviderCall.objects.filter(status=status).latest("pk") for status in ("released", "settled")]
    return [
        refused,
        *others,
        *calls,
        JobEvent.objects.filter(type="failed").latest("pk"),
        *ProviderKey.objects.all(),
    ]


def everything(client: Any, jobs: list[Job], enqueued: Enqueued, heard: Heard) -> Iterator[Place]:
    """But the back office, whose pages take longer than all the rest."""
    yield from rows()
    yield from stream_chunks()
    yield from answers(client, addresses(jobs))
    yield from tasks(enqueued)
    yield from heard.texts()


def check_that_much_went_wrong(jobs: list[Job], heard: Heard, enqueued: Enqueued) -> None:
    """Otherwise nothing was tried."""
    codes = {job.error_code for job in jobs}
    assert codes >= {base.TIMEOUT, base.BAD_ANSWER, "JOB_INTERNAL_ERROR", ""}
    assert codes & REFUSED
    assert sum(job.status == JobStatus.FAILED for job in jobs) * 2 > len(jobs)
    statuses = set(ProviderCall.objects.values_list("status", flat=True))
    assert statuses >= {CallStatus.SETTLED, CallStatus.RELEASED}
    assert ("generation.run_job", {"job_id": str(jobs[0].pk)}) in enqueued
    said = dict(heard.texts())
    for form in ("log as said", "log as console", "log as json"):
        assert all(word in said[form] for word in ("job.broken", "Traceback", "nobody has thought of this"))


@pytest.mark.parametrize("name", mostly_once(ENVIRONMENTS))
def test_keys_of_the_environment(
    name: str,
    alice: User,
    staff: User,
    client_for: Any,
    environment: Any,
    vendor: LLMServer,
    aws: LLMServer,
    heard: Heard,
    enqueued: Enqueued,
    capfd: pytest.CaptureFixture[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    server = aws if name == "bedrock" else vendor
    server.calls.clear()
    environment(name, server.url)
    model_make(name, registry.get_llm(name).model, price=PRICE)
    is_first = name == next(iter(ENVIRONMENTS))
    chosen = all_of(server) if is_first or name == "bedrock" else spiteful(server, name)
    jobs = play(alice, chosen, committing=django_capture_on_commit_callbacks, attempts=1 + is_first)
    check_that_much_went_wrong(jobs, heard, enqueued)
    assert set(ProviderCall.objects.values_list("provider", flat=True)) == {name}
    assert len(server.calls) >= 2 * len(chosen)
    assert name == "bedrock" or {call.key_hash for call in server.calls} == {key_hash(KEY)}
    assert MARKS.leaks(everything(client_for(alice), jobs, enqueued, heard)) == []
    if is_first:
        assert MARKS.leaks(pages(staff, *telling())) == []
    assert MARKS.leaks([("standard streams", "".join(capfd.readouterr()))]) == []


@pytest.fixture
def own_key(alice: User, client_for: Any, vendor: LLMServer, settings: Any) -> Callable[[str, str, str], Any]:
    """Has alice enter a marked key for a provider, at an address or at its vendor's, which is ours."""
    settings.EGRESS_ALLOW_PRIVATE, settings.EGRESS_ALLOW_HTTP = ["127.0.0.1"], True
    settings.ENCRYPTION_KEYS = [OLD]
    settings.PROVIDER_VENDORS = {
        name: {**about, "base_url": vendor.url} for name, about in settings.PROVIDER_VENDORS.items()
    }

    def enter(provider: str, model: str, url: str) -> Any:
        body = {"provider": provider, "name": "密钥 🔑", "api_key": KEY, "base_url": url, "model_name": model}
        answer = client_for(alice).post(
            "/api/v1/api-keys",
            {**body, "input_micros": 1_000_000, "output_micros": 2_000_000},
            headers={"Idempotency-Key": f"enter-{model}"},
        )
        assert answer.status_code == 201, answer.content
        provider_keys_forget_all()
        return answer

    gateway.reset()
    return enter


@pytest.mark.parametrize(
    "name", mostly_once(["custom", "deepseek", "openai", "qwen", "moonshot", "siliconflow"])
)
def test_keys_of_users(
    name: str,
    alice: User,
    staff: User,
    client_for: Any,
    own_key: Any,
    settings: Any,
    vendor: LLMServer,
    heard: Heard,
    enqueued: Enqueued,
    capfd: pytest.CaptureFixture[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    vendor.calls.clear()
    is_first = name == "custom"
    committing = django_capture_on_commit_callbacks
    own_key(name, "guarded", vendor.url)
    chosen = all_of(vendor) if is_first else spiteful(vendor, name)
    jobs = play(alice, chosen, committing=committing, model="guarded")
    if not is_first:
        own_key(name, "plain", "")
        jobs += play(alice, ["auth", "echo-401", "echo-half", "cut"], committing=committing, model="plain")
    check_that_much_went_wrong(jobs, heard, enqueued)
    assert {call.key_hash for call in vendor.calls} == {key_hash(KEY)}
    settings.EGRESS_ALLOW_PRIVATE = []
    jobs += play(alice, ["ok"], committing=committing, model="guarded")
    assert jobs[-3].error_code == base.ADDRESS_REFUSED
    settings.ENCRYPTION_KEYS = [NEW]
    jobs += play(alice, ["ok"], committing=committing, model="guarded")
    assert jobs[-3].error_code == "SECRET_UNREADABLE"
    assert MARKS.leaks(everything(client_for(alice), jobs, enqueued, heard)) == []
    if is_first:
        assert MARKS.leaks(pages(staff, *telling(), is_all=True)) == []
    assert MARKS.leaks([("standard streams", "".join(capfd.readouterr()))]) == []
