"""The server of the small model answers in its own name only, and is measured once it is installed."""

import http.client
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from launcher.local_llm import speed
from launcher.local_llm.installation import Installation
from launcher.local_llm.server import free_port
from tests.support.small_model import MODEL, pretend_to_install

KEY = "sk-small"


@contextmanager
def serving(installation: Installation) -> Iterator[int]:
    port = free_port()
    command = [
        *(
            str(installation.python),
            "-I",
            str(speed.SERVER),
            "--model",
            str(installation.file(MODEL)),
            "--alias",
            MODEL.name,
        ),
        *("--port", str(port), "--memory", str(MODEL.memory)),
    ]
    with subprocess.Popen(
        command, env={**os.environ, "SMALL_MODEL_API_KEY": KEY}, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == f"{MODEL.name} listens on http://127.0.0.1:{port}\n"
        try:
            yield port
        finally:
            server.terminate()


def post(port: int, body: object, key: str = KEY) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    text = body if isinstance(body, str) else json.dumps(body)
    connection.request("POST", "/v1/chat/completions", text.encode(), {"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_it_refuses_the_names_of_other_models(tmp_path: Path) -> None:
    with serving(pretend_to_install(tmp_path)) as port:
        status, said = post(port, {"model": "qwen2.5-coder-1.5b-instruct", "messages": []})
        assert status == 404
        assert json.loads(said)["error"]["code"] == "model_not_found"
        assert MODEL.name in said
        for body in ({"model": MODEL.name}, {"messages": []}):
            status, said = post(port, body)
            assert status == 200
            assert said.endswith("data: [DONE]\n\n")
        assert post(port, {"model": MODEL.name}, key="sk-wrong")[0] == 401
        assert post(port, "not JSON")[0] == 200, "what can't be read is for the server behind to refuse"


def test_its_speed_is_measured(tmp_path: Path) -> None:
    found = speed.measure(pretend_to_install(tmp_path), MODEL, free_port())
    assert found
    assert found > 0


def test_what_cant_be_started_cant_be_measured(tmp_path: Path) -> None:
    installation = pretend_to_install(tmp_path)
    (tmp_path / "local-llm" / f"{MODEL.file}.broken").touch()
    assert speed.measure(installation, MODEL, free_port()) is None
    installation.python.unlink()
    assert speed.measure(installation, MODEL, free_port()) is None


@pytest.mark.parametrize(
    ("tokens", "said"),
    [(12.4, "12 tokens a second here: a document takes about 2 minutes"), (50, "30 seconds")],
)
def test_what_it_means_is_said(tokens: float, said: str) -> None:
    assert said in speed.sentence(tokens)
