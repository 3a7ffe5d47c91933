"""What every adapter of meshes promises, whoever answers behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from pytest_django import Settings

from generation.providers import sandbox_maker
from generation.providers.base import BusyError, ProviderError
from generation.providers.mesh import sandbox
from generation.providers.mesh.base import MeshAnswer, MeshMaker, MeshOrder
from generation.providers.mesh.download import copy_mesh
from generation.providers.mesh.meshy import MeshyMeshes
from generation.providers.mesh.sandbox import SandboxMeshes
from generation.providers.mesh.tencent import TencentMeshes
from generation.providers.openai_client import close_clients
from tests.support.closed_port import closed_port
from tests.support.mesh_server import GLB, OBJ_ZIP, MeshServer
from tests.support.pictures import picture

KEY = "msy-marked-7f3a91-never-show"
PROMPT = "一只红色的陶瓷猫 🐈, standing"
PNG = picture(size=(64, 48))

# scenario: code, retryable, charged, another provider may be asked
FAILURES = {
    "rate-limit": ("PROVIDER_RATE_LIMITED", True, False, True),
    "busy": ("PROVIDER_RATE_LIMITED", True, False, True),
    "overloaded": ("PROVIDER_OVERLOADED", True, False, True),
    "auth": ("PROVIDER_AUTH_FAILED", False, False, True),
    "no-quota": ("PROVIDER_QUOTA_EXHAUSTED", False, False, True),
    "moderated": ("PROVIDER_CONTENT_REFUSED", False, False, False),
    "bad-request": ("PROVIDER_BAD_REQUEST", False, False, False),
    "failed": ("PROVIDER_OVERLOADED", True, False, True),
    "lost": ("PROVIDER_CONNECTION_LOST", True, None, False),
    "hang": ("PROVIDER_TIMEOUT", True, None, False),
    "garbage": ("PROVIDER_BAD_ANSWER", False, None, False),
    "forgotten": ("PROVIDER_BAD_ANSWER", False, None, False),
    "no-mesh": ("PROVIDER_BAD_ANSWER", False, True, False),
    # It was made and paid for: only copying it is tried again, and what won't get better isn't.
    "expired": ("PROVIDER_BAD_ANSWER", False, True, False),
    "html": ("PROVIDER_BAD_ANSWER", False, True, False),
    "empty": ("PROVIDER_BAD_ANSWER", False, True, False),
    "redirect": ("PROVIDER_BAD_ANSWER", False, True, False),
    "huge": ("PROVIDER_BAD_ANSWER", False, True, False),
    "drip": ("PROVIDER_BAD_ANSWER", True, True, False),
    "down": ("PROVIDER_BAD_ANSWER", True, True, False),
}


def order(prompt: str = PROMPT, **fields: Any) -> MeshOrder:
    return MeshOrder(**{"prompt": prompt, **fields})


def of_picture(**fields: Any) -> MeshOrder:
    return order("", image=PNG, image_media_type="image/png", **fields)


def outcome(maker: MeshMaker, wanted: MeshOrder) -> MeshAnswer:
    """Order a mesh and look it up until it has an end."""
    answer = maker.order(wanted)
    while not answer.is_done:
        found = maker.look_up([answer.provider_ref])[answer.provider_ref]
        if isinstance(found, ProviderError):
            raise found
        answer = found
    return answer


def obtain(maker: MeshMaker, wanted: MeshOrder) -> bytes:
    """And copy it."""
    file = outcome(maker, wanted).files[0]
    copy = BytesIO()
    # No more than half a second for the link that drips; all others are answered at once.
    copy_mesh(
        file, copy, provider=maker.name, most_bytes=20_000_000, total_s=0.5 if "drip" in file.url else 30
    )
    return copy.getvalue()


class MeshContract:
    """Subclasses give a `maker` fixture and say by `markers` how a scenario is asked for."""

    markers: dict[str, str]
    name: str

    def test_it_makes_a_mesh_of_words_and_of_a_picture(self, maker: MeshMaker) -> None:
        assert obtain(maker, order()).startswith(b"glTF")
        assert obtain(maker, of_picture()).startswith(b"glTF")
        assert maker.name == self.name

    def test_what_fails_says_whether_it_was_charged(self, maker: MeshMaker) -> None:
        told = {}
        for scenario, marker in self.markers.items():
            timeout_s = 0.3 if scenario == "hang" else 30.0
            with pytest.raises(ProviderError) as caught:
                obtain(maker, order(f"{PROMPT} {marker}", timeout_s=timeout_s))
            error = caught.value
            told[scenario] = error.code, error.retryable, error.charged, error.allows_fallback
            assert isinstance(error, BusyError) == (scenario == "busy")
            assert error.provider == self.name
            assert KEY not in f"{error!r} {vars(error)} {error.__context__!r}"
            assert "169.254" not in str(error)
        assert told == {scenario: FAILURES[scenario] for scenario in self.markers}

    def test_only_an_order_with_a_task_is_looked_up(self, maker: MeshMaker) -> None:
        assert not maker.look_up([])
        answer = maker.order(order())
        assert (not answer.is_done) == maker.has_tasks
        assert answer.model == maker.model


#: The sandbox's names for the scenarios that aren't called so there.
SANDBOX_NAMES = {"huge": "too-large", "down": "link-down", "bad-request": "misspelt"}
#: What only a server on the network can do; the sandbox takes any number of orders, and fails as nobody else.
OF_SERVERS = ("garbage", "redirect", "drip", "busy", "failed")


def plain(**wanted: Any) -> bytes:
    """A mesh of no particular shape that depends on all that was asked for: quicker than a process of its own."""
    return GLB + sha256(repr(sorted(wanted.items())).encode()).digest()


class SandboxContract(MeshContract):
    name = "sandbox"
    markers = {
        name: f"[[sandbox:{SANDBOX_NAMES.get(name, name)}]]" for name in FAILURES if name not in OF_SERVERS
    }

    @pytest.fixture(autouse=True)
    def quick(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sandbox, "modelled", plain)

    def test_it_may_fail_or_break_off(self, maker: MeshMaker) -> None:
        with pytest.raises(ProviderError) as caught:
            obtain(maker, order("[[sandbox:failed]]"))
        assert (caught.value.retryable, caught.value.charged) == (True, False)
        broken = obtain(maker, order("[[sandbox:broken]]"))
        assert int.from_bytes(broken[8:12], "little") > len(broken)


class TestSandbox(SandboxContract):
    @pytest.fixture
    def maker(self) -> MeshMaker:
        return SandboxMeshes()


class TestSandboxWithTasks(SandboxContract):
    @pytest.fixture
    def maker(self, monkeypatch: pytest.MonkeyPatch) -> MeshMaker:
        monkeypatch.setattr(sandbox_maker, "TASK_SECONDS", 0.0)
        return SandboxMeshes(model=sandbox_maker.WITH_TASKS)

    def test_it_tells_how_far_it_is_and_is_stopped_and_found(self, maker: MeshMaker) -> None:
        slow = of_picture(request_key="job:mesh")
        slow = replace(slow, prompt="[[sandbox:slow=1000]]")
        ref = maker.order(slow).provider_ref
        working = maker.look_up([ref])[ref]
        assert isinstance(working, MeshAnswer)
        assert (working.is_done, working.percent) == (False, 0)
        assert maker.find(replace(slow, timeout_s=1.0), sent_at=datetime.now(UTC), known=[]) == ref
        other = replace(slow, image=PNG + b"another")
        assert maker.find(other, sent_at=datetime.now(UTC), known=[]) is None
        assert maker.cancel(ref)
        stopped = maker.look_up([ref])[ref]
        assert isinstance(stopped, ProviderError)
        assert stopped.charged is False


def test_the_sandbox_makes_the_same_of_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once by its program, which tells that no model has made it."""
    mug = order("一个杯子", seed=7, size_mm=80)
    assert b'"procedural":true' in obtain(SandboxMeshes(), mug).replace(b" ", b"")
    with pytest.raises(ProviderError) as caught:
        obtain(SandboxMeshes(), order("", image=b"no picture", image_media_type="image/png"))
    assert (caught.value.code, caught.value.charged) == ("PROVIDER_UNAVAILABLE", False)
    monkeypatch.setattr(sandbox, "modelled", plain)
    monkeypatch.setattr(sandbox_maker, "TASK_SECONDS", 0.0)
    first = obtain(SandboxMeshes(), mug)
    assert first == obtain(SandboxMeshes(model=sandbox_maker.WITH_TASKS), mug)
    for changed in (replace(mug, seed=8), replace(mug, size_mm=40.0), replace(mug, prompt="a vase")):
        assert first != obtain(SandboxMeshes(), changed)


@pytest.fixture(scope="module")
def shared_server() -> Iterator[MeshServer]:
    with MeshServer() as server:
        yield server
        close_clients()


@pytest.fixture
def server(shared_server: MeshServer, settings: Settings) -> MeshServer:
    """The same server with nobody's orders on it. Links may lead to this machine, and nowhere else in the house."""
    settings.EGRESS_ALLOW_PRIVATE = ["127.0.0.1/32"]
    shared_server.forget()
    return shared_server


def markers(*left_out: str) -> dict[str, str]:
    return {name: f"[[server:{name}]]" for name in FAILURES if name not in left_out}


class ServedContract(MeshContract):
    """Of vendors, who all answer with tasks."""

    def test_a_task_says_how_far_it_is(self, maker: MeshMaker, server: MeshServer) -> None:
        server.is_done = False
        refs = [maker.order(order(f"{PROMPT} {number}")).provider_ref for number in range(25)]
        found = maker.look_up(refs)
        assert all(isinstance(one, MeshAnswer) and not one.is_done for one in found.values())
        assert list(found) == refs[:20], "the vendor answers twenty questions a second"

    def test_words_and_pictures_that_the_vendor_does_not_take_are_not_sent(
        self, maker: MeshMaker, server: MeshServer
    ) -> None:
        refused = {
            "PROVIDER_CONTEXT_TOO_LONG": order("长" * 601),
            "PROVIDER_IMAGES_REFUSED": order("", image=b"GIF89a", image_media_type="image/gif"),
        }
        for code, wanted in refused.items():
            with pytest.raises(ProviderError) as caught:
                maker.order(wanted)
            told = caught.value.code, caught.value.charged, caught.value.allows_fallback
            assert told == (code, False, True)
        assert server.orders == []


class TestTencent(ServedContract):
    name = "tencent"
    # Its package tells no status of its own gateway's, so nobody knows what became of the order.
    markers = markers("overloaded", "failed")

    @pytest.fixture
    def maker(self, server: MeshServer) -> MeshMaker:
        return make_tencent(server.url)

    def test_what_its_gateway_and_its_tasks_say(self, maker: MeshMaker) -> None:
        told = {}
        for scenario in ("overloaded", "failed"):
            with pytest.raises(ProviderError) as caught:
                obtain(maker, order(f"[[server:{scenario}]]"))
            told[scenario] = caught.value.code, caught.value.charged
        assert told == {
            "overloaded": ("PROVIDER_UNAVAILABLE", None),
            "failed": ("PROVIDER_UNAVAILABLE", False),
        }

    def test_what_is_sent(self, maker: MeshMaker, server: MeshServer) -> None:
        maker.order(order())
        maker.order(of_picture(is_textured=False))
        words, of_image = server.bodies
        assert words == {"Prompt": PROMPT, "ResultFormat": "GLB", "EnableGeometry": False}
        assert of_image["ImageBase64"].startswith("iVBOR")
        assert (of_image["EnableGeometry"], "Prompt" in of_image) == (True, False)
        sent = server.headers[0]
        assert (sent["x-tc-action"], sent["x-tc-region"], sent["x-tc-version"]) == (
            "SubmitHunyuanTo3DRapidJob", "ap-guangzhou", "2025-05-13",
        )  # fmt: skip
        assert sent["authorization"].startswith("TC3-HMAC-SHA256 Credential=AKID")
        assert KEY not in str(server.headers)

    def test_an_obj_may_come_as_a_zip(self, maker: MeshMaker) -> None:
        wanted = order("[[server:zip]]")
        assert [file.format for file in outcome(maker, wanted).files] == ["obj"]
        assert obtain(maker, wanted) == OBJ_ZIP

    def test_nobody_finds_or_stops_its_tasks(self, maker: MeshMaker) -> None:
        ref = maker.order(order()).provider_ref
        assert maker.find(order(), sent_at=datetime.now(UTC), known=[]) is None
        assert not maker.cancel(ref)

    def test_what_was_certainly_not_sent_says_so(self, server: MeshServer) -> None:
        nowhere = make_tencent(f"http://127.0.0.1:{closed_port()}")
        without_key = TencentMeshes(name="tencent", base_url=server.url, api_key="half")
        for maker, code in ((nowhere, "PROVIDER_CONNECTION_LOST"), (without_key, "PROVIDER_AUTH_FAILED")):
            with pytest.raises(ProviderError) as caught:
                maker.order(order())
            assert (caught.value.code, caught.value.charged) == (code, False)
        with pytest.raises(ProviderError) as caught:
            make_tencent(server.url).order(order(model="hunyuan-3d-pro"))
        assert caught.value.code == "PROVIDER_MODEL_NOT_FOUND"
        assert server.orders == []


def make_tencent(base_url: str) -> TencentMeshes:
    return TencentMeshes(name="tencent", base_url=base_url, api_key=f"AKID-1:{KEY}")


class TestMeshy(ServedContract):
    name = "meshy"
    markers = markers()

    @pytest.fixture
    def maker(self, server: MeshServer) -> MeshMaker:
        return MeshyMeshes(name="meshy", base_url=server.meshy_url, model="meshy-6", api_key=KEY)

    def test_what_is_sent(self, maker: MeshMaker, server: MeshServer) -> None:
        maker.order(order())
        maker.order(of_picture(is_textured=False))
        maker.order(order("猫", image=PNG, image_media_type="image/png"))
        words, plain, textured = server.bodies
        assert words == {"mode": "preview", "prompt": PROMPT, "ai_model": "meshy-6"}
        assert plain["image_url"].startswith("data:image/png;base64,iVBOR")
        assert (plain["should_texture"], "texture_prompt" in plain) == (False, False)
        assert (textured["should_texture"], textured["texture_prompt"]) == (True, "猫")
        assert server.headers[0]["authorization"] == f"Bearer {KEY}"

    def test_a_mesh_of_words_is_given_its_textures_by_a_second_task(
        self, maker: MeshMaker, server: MeshServer
    ) -> None:
        wanted = order()
        first = maker.part_of(wanted)
        assert not first.is_textured
        draft = outcome(maker, first)
        assert draft.is_draft
        rest = order(draft=draft.provider_ref)
        assert maker.part_of(rest) == rest
        assert not outcome(maker, rest).is_draft
        assert server.bodies[1] == {"mode": "refine", "preview_task_id": "task-1"}
        assert maker.part_of(of_picture()).is_textured

    def test_a_task_tells_its_percentage(self, maker: MeshMaker, server: MeshServer) -> None:
        server.is_done = False
        ref = maker.order(order()).provider_ref
        working = maker.look_up([ref])[ref]
        assert isinstance(working, MeshAnswer)
        assert working.percent == 40

    def test_an_order_whose_answer_was_lost_is_found_by_its_prompt(
        self, maker: MeshMaker, server: MeshServer
    ) -> None:
        sent_at = datetime.now(UTC)
        other = maker.order(order("别的")).provider_ref
        lost = order(f"{PROMPT} [[server:lost]]")
        with pytest.raises(ProviderError):
            maker.order(lost)
        assert maker.find(lost, sent_at=sent_at, known=[other]) == "preview/task-2"
        assert maker.find(lost, sent_at=sent_at, known=["preview/task-2"]) is None
        assert maker.find(lost, sent_at=sent_at - timedelta(hours=1), known=[]) is None
        assert maker.find(order(lost.prompt, draft="preview/task-2"), sent_at=sent_at, known=[]) is None
        assert maker.find(of_picture(), sent_at=sent_at, known=[]) is None

    def test_only_what_has_not_begun_is_taken_back(self, maker: MeshMaker, server: MeshServer) -> None:
        first, second = (maker.order(order()).provider_ref for _ in range(2))
        assert not maker.cancel(first), "it is done, and taking it back would remove its files"
        server.is_done = server.has_started = False
        assert maker.cancel(first)
        server.has_started = True
        assert not maker.cancel(second)
        stopped = maker.look_up([first])[first]
        assert isinstance(stopped, ProviderError)
        assert stopped.charged is False
        assert server.cancelled == ["task-1"]


def test_a_file_that_is_no_mesh_is_not_taken(server: MeshServer) -> None:
    maker = MeshyMeshes(name="meshy", base_url=server.meshy_url, model="meshy-6", api_key=KEY)
    assert obtain(maker, order()) == GLB
    assert obtain(maker, order("[[server:truncated]]")) == GLB[: len(GLB) // 2], "whoever reads it finds out"
