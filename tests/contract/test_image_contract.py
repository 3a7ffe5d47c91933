"""What every adapter of pictures promises, whoever answers behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from config.files.types import picture_type
from generation.providers import sandbox_maker
from generation.providers.base import ProviderError
from generation.providers.image.base import ImageAnswer, ImageMaker, ImageOrder
from generation.providers.image.dashscope import DashScopeImages
from generation.providers.image.download import download
from generation.providers.image.openai import OpenAIImages
from generation.providers.image.sandbox import SandboxImages
from generation.providers.openai_client import close_clients
from tests.support.image_server import PNG, ImageServer

KEY = "sk-marked-7f3a91-never-show"
PROMPT = "一只红色的陶瓷猫 🐈, three-quarter view"

# scenario: code, retryable, charged, another provider may be asked
FAILURES = {
    "rate-limit": ("PROVIDER_RATE_LIMITED", True, False, True),
    "overloaded": ("PROVIDER_OVERLOADED", True, False, True),
    "auth": ("PROVIDER_AUTH_FAILED", False, False, True),
    "no-quota": ("PROVIDER_QUOTA_EXHAUSTED", False, False, True),
    "moderated": ("PROVIDER_CONTENT_REFUSED", False, False, False),
    "bad-request": ("PROVIDER_BAD_REQUEST", False, False, False),
    "failed": ("PROVIDER_UNAVAILABLE", True, False, True),
    "lost": ("PROVIDER_CONNECTION_LOST", True, None, False),
    "hang": ("PROVIDER_TIMEOUT", True, None, False),
    "garbage": ("PROVIDER_BAD_ANSWER", False, None, False),
    "forgotten": ("PROVIDER_BAD_ANSWER", False, None, False),
    "no-picture": ("PROVIDER_BAD_ANSWER", False, True, False),
    # It was made and paid for: only copying it is tried again, and what won't get better isn't.
    "expired": ("PROVIDER_BAD_ANSWER", False, True, False),
    "html": ("PROVIDER_BAD_ANSWER", False, True, False),
    "empty": ("PROVIDER_BAD_ANSWER", False, True, False),
    "redirect": ("PROVIDER_BAD_ANSWER", False, True, False),
    "huge": ("PROVIDER_BAD_ANSWER", False, True, False),
    "drip": ("PROVIDER_BAD_ANSWER", True, True, False),
    "down": ("PROVIDER_BAD_ANSWER", True, True, False),
}


def order(prompt: str = PROMPT, **fields: Any) -> ImageOrder:
    return ImageOrder(**{"width": 1024, "height": 1024, "seed": 7, "prompt": prompt, **fields})


def obtain(maker: ImageMaker, wanted: ImageOrder) -> bytes:
    """Order a picture and look it up until it has an end, then copy it."""
    answer = maker.order(wanted)
    while answer.picture is None:
        outcome = maker.look_up([answer.provider_ref])[answer.provider_ref]
        if isinstance(outcome, ProviderError):
            raise outcome
        answer = outcome
    picture = answer.picture
    # No more than half a second for the link that drips; all others are answered at once.
    return picture.data or download(
        picture.url, provider=maker.name, most_bytes=20_000_000, total_s=0.5 if "drip" in picture.url else 30
    )


class ImageContract:
    """Subclasses give a `maker` fixture and say by `markers` how a scenario is asked for."""

    markers: dict[str, str]
    name: str

    def test_it_makes_a_picture(self, maker: ImageMaker) -> None:
        assert picture_type(obtain(maker, order()))
        assert maker.name == self.name

    def test_an_answer_names_the_model_that_was_asked(self, maker: ImageMaker) -> None:
        assert maker.order(order()).model == maker.model
        assert maker.order(order(model="another-model")).model == "another-model"

    def test_what_fails_says_whether_it_was_charged(self, maker: ImageMaker) -> None:
        told = {}
        for scenario, marker in self.markers.items():
            timeout_s = 0.3 if scenario == "hang" else 30.0
            with pytest.raises(ProviderError) as caught:
                obtain(maker, order(f"{PROMPT} {marker}", timeout_s=timeout_s))
            error = caught.value
            told[scenario] = error.code, error.retryable, error.charged, error.allows_fallback
            assert error.provider == self.name
            assert KEY not in f"{error!r} {vars(error)} {error.__context__!r}"
            assert "169.254" not in str(error)
        assert told == {scenario: FAILURES[scenario] for scenario in self.markers}

    def test_only_an_order_with_a_task_is_looked_up(self, maker: ImageMaker) -> None:
        assert not maker.look_up([])
        assert (maker.order(order()).picture is None) == maker.has_tasks


#: The sandbox's names for the scenarios that aren't called so there.
SANDBOX_NAMES = {"huge": "too-large", "down": "link-down", "bad-request": "misspelt"}
#: What only a server on the network can do.
OF_SERVERS = ("garbage", "redirect", "drip")


class SandboxContract(ImageContract):
    name = "sandbox"
    markers = {
        name: f"[[sandbox:{SANDBOX_NAMES.get(name, name)}]]" for name in FAILURES if name not in OF_SERVERS
    }


class TestSandbox(SandboxContract):
    @pytest.fixture
    def maker(self) -> ImageMaker:
        return SandboxImages()


class TestSandboxWithTasks(SandboxContract):
    @pytest.fixture
    def maker(self, monkeypatch: pytest.MonkeyPatch) -> ImageMaker:
        monkeypatch.setattr(sandbox_maker, "TASK_SECONDS", 0.0)
        return SandboxImages(model=sandbox_maker.WITH_TASKS)

    def test_an_answer_names_the_model_that_was_asked(self, maker: ImageMaker) -> None:
        assert maker.order(order()).model == sandbox_maker.WITH_TASKS

    def test_a_task_says_how_far_it_is_and_can_be_stopped_until_it_is_done(self, maker: ImageMaker) -> None:
        ref = maker.order(order(f"{PROMPT} [[sandbox:slow=1000]]")).provider_ref
        working = maker.look_up([ref])[ref]
        assert isinstance(working, ImageAnswer)
        assert (working.is_done, working.percent) == (False, 0)
        assert maker.cancel(ref)
        stopped = maker.look_up([ref])[ref]
        assert isinstance(stopped, ProviderError)
        assert (stopped.charged, stopped.retryable) == (False, False)
        done = maker.order(order(seed=8)).provider_ref
        assert not maker.cancel(done)
        assert maker.look_up(["sandbox-unknown"]) == {}
        assert not maker.cancel("sandbox-unknown")

    def test_an_order_whose_answer_was_lost_is_found(self, maker: ImageMaker) -> None:
        lost = order(f"{PROMPT} [[sandbox:lost]]", request_key="job:image")
        with pytest.raises(ProviderError):
            maker.order(lost)
        later = replace(lost, attempt=2)
        ref = maker.find(later, sent_at=datetime.now(UTC), known=[])
        assert ref
        assert maker.find(later, sent_at=datetime.now(UTC), known=[ref]) is None
        outcome = maker.look_up([ref])[ref]
        assert isinstance(outcome, ImageAnswer)
        assert outcome.picture is not None


def test_the_sandbox_paints_the_same_for_the_same_order() -> None:
    maker = SandboxImages()
    small = {"width": 64, "height": 48}
    first = obtain(maker, order(style="cartoon", **small))
    assert first == obtain(
        maker, order(f"{PROMPT} [[sandbox:moderated-once]]", style="cartoon", attempt=2, **small)
    )
    assert first == obtain(
        SandboxImages(model=sandbox_maker.WITH_TASKS), order(style="cartoon", **small, model="other")
    )
    assert first != obtain(maker, order(style="japanese", **small))
    unseeded = [
        obtain(maker, order(seed=None, request_key=key, **small)) for key in ("job:a", "job:b", "job:a")
    ]
    assert unseeded[0] == unseeded[2] != unseeded[1]
    assert obtain(maker, order(style="of no such name", **small))


@pytest.fixture(scope="module")
def shared_server() -> Iterator[ImageServer]:
    with ImageServer() as server:
        yield server
        close_clients()


@pytest.fixture
def server(shared_server: ImageServer, settings: Settings) -> ImageServer:
    """The same server with nobody's orders on it. Links may lead to this machine, and nowhere else in the house."""
    settings.EGRESS_ALLOW_PRIVATE = ["127.0.0.1/32"]
    shared_server.forget()
    return shared_server


def markers(*left_out: str) -> dict[str, str]:
    return {name: f"[[server:{name}]]" for name in FAILURES if name not in left_out}


class TestOpenAI(ImageContract):
    name = "openai"
    markers = markers("failed", "forgotten")

    @pytest.fixture
    def maker(self, server: ImageServer) -> ImageMaker:
        return OpenAIImages(
            name="openai", base_url=server.openai_url, model="gpt-image-1", api_key=KEY, dialect="openai"
        )

    def test_what_is_sent(self, maker: ImageMaker, server: ImageServer) -> None:
        wanted = order(
            width=1536, height=1024, quality="high", negative_prompt="模糊", request_key="job:a", attempt=2
        )
        answer = maker.order(wanted)
        assert answer.picture is not None
        assert answer.picture.data == PNG
        assert server.bodies == [
            {
                "model": "gpt-image-1",
                "prompt": f"{PROMPT}\n\nAvoid: 模糊",
                "n": 1,
                "size": "1536x1024",
                "quality": "high",
            }
        ]
        assert server.headers[0]["authorization"] == f"Bearer {KEY}"
        assert server.headers[0]["x-client-request-id"] == "job:a/2"
        maker.order(order(model="dall-e-3", width=500, height=1000))
        assert server.bodies[1]["size"] == "1024x1792"
        assert server.bodies[1]["response_format"] == "b64_json"


class TestSiliconFlow(ImageContract):
    name = "siliconflow"
    markers = markers("failed", "forgotten")

    @pytest.fixture
    def maker(self, server: ImageServer) -> ImageMaker:
        return OpenAIImages(
            name="siliconflow",
            base_url=server.openai_url,
            model="Qwen/Qwen-Image",
            api_key=KEY,
            dialect="siliconflow",
        )

    def test_what_is_sent(self, maker: ImageMaker, server: ImageServer) -> None:
        answer = maker.order(order(negative_prompt="模糊", width=1600, height=900))
        assert answer.picture is not None
        assert answer.picture.seed == 7
        assert server.bodies == [
            {
                "model": "Qwen/Qwen-Image",
                "prompt": PROMPT,
                "image_size": "1664x928",
                "negative_prompt": "模糊",
                "seed": 7,
            }
        ]


class TestAnyServer(ImageContract):
    name = "local"
    markers = markers("failed", "forgotten")

    @pytest.fixture
    def maker(self, server: ImageServer) -> ImageMaker:
        return OpenAIImages(name="local", base_url=server.openai_url, model="flux")

    def test_what_is_sent(self, maker: ImageMaker, server: ImageServer) -> None:
        maker.order(order(width=640, height=480))
        assert server.bodies == [
            {"model": "flux", "prompt": PROMPT, "n": 1, "size": "640x480", "response_format": "b64_json"}
        ]
        assert "authorization" not in server.headers[0]


class TestDashScope(ImageContract):
    name = "aliyun"
    markers = markers()

    @pytest.fixture
    def maker(self, server: ImageServer) -> ImageMaker:
        return DashScopeImages(
            name="aliyun", base_url=server.aliyun_url, model="qwen-image-plus", api_key=KEY
        )

    def test_an_answer_names_the_model_that_was_asked(self, maker: ImageMaker) -> None:
        for model in ("qwen-image-plus", "wan2.2-t2i-plus", "qwen-image-max"):
            assert maker.order(order(model=model)).model == model

    def test_what_is_sent(self, maker: ImageMaker, server: ImageServer) -> None:
        maker.order(order(negative_prompt="模糊"))
        maker.order(order(model="wan2.2-t2i-plus", negative_prompt="模糊", width=2000, height=300))
        maker.order(order(model="qwen-image-max"))
        common = {"n": 1, "prompt_extend": False, "watermark": False, "seed": 7}
        assert server.bodies == [
            {
                "model": "qwen-image-plus",
                "input": {"prompt": PROMPT},
                "parameters": {"size": "1328*1328", "negative_prompt": "模糊", **common},
            },
            {
                "model": "wan2.2-t2i-plus",
                "input": {"prompt": PROMPT, "negative_prompt": "模糊"},
                "parameters": {"size": "1440*512", **common},
            },
            {
                "model": "qwen-image-max",
                "input": {"messages": [{"role": "user", "content": [{"text": PROMPT}]}]},
                "parameters": {"size": "1328*1328", **common},
            },
        ]
        assert server.headers[0]["x-dashscope-async"] == "enable"

    def test_many_tasks_are_asked_for_together(self, maker: ImageMaker, server: ImageServer) -> None:
        refs = [maker.order(order(f"{PROMPT} {number}")).provider_ref for number in range(40)]
        server.is_done = False
        outcomes = maker.look_up(refs)
        assert all(isinstance(one, ImageAnswer) and not one.is_done for one in outcomes.values())
        assert outcomes.keys() == set(refs)
        assert len(server.lookups) == 4, "three pages of running tasks, one of waiting ones"
        server.is_done = True
        assert len(maker.look_up(refs)) == 20, "the vendor answers twenty questions a second"

    def test_without_lists_tasks_are_asked_for_one_by_one(
        self, maker: ImageMaker, server: ImageServer
    ) -> None:
        refs = [maker.order(order()).provider_ref for _ in range(6)]
        server.has_lists = False
        assert all(one.is_done for one in maker.look_up(refs).values() if isinstance(one, ImageAnswer))

    def test_an_order_whose_answer_was_lost_is_found_by_its_prompt(
        self, maker: ImageMaker, server: ImageServer
    ) -> None:
        sent_at = datetime.now(UTC)
        other = maker.order(order("别的")).provider_ref
        lost = order(f"{PROMPT} [[server:lost]]")
        with pytest.raises(ProviderError):
            maker.order(lost)
        server.is_done = False
        with pytest.raises(ProviderError) as caught:
            maker.find(lost, sent_at=sent_at, known=[other])
        assert caught.value.retryable, "what still runs tells no prompt yet"
        server.is_done = True
        assert maker.find(lost, sent_at=sent_at, known=[other]) == "task-2"
        assert maker.find(lost, sent_at=sent_at, known=[other, "task-2"]) is None
        assert maker.find(lost, sent_at=sent_at - timedelta(hours=1), known=[]) is None

    def test_only_what_has_not_begun_is_cancelled(self, maker: ImageMaker, server: ImageServer) -> None:
        first, second = (maker.order(order()).provider_ref for _ in range(2))
        server.is_done = server.has_started = False
        assert maker.cancel(first)
        server.has_started = True
        assert not maker.cancel(second)
        outcome = maker.look_up([first])[first]
        assert isinstance(outcome, ProviderError)
        assert outcome.charged is False
