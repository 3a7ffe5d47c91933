"""The local model server as a process of its own, as tests that kill a worker use it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from generation.providers.base import ProviderError
from generation.providers.llm.openai import OpenAIChat
from generation.providers.openai_client import close_clients
from tests.contract.requests import chat
from tests.support.llm_server import read_log
from tests.support.patience import PATIENCE

KEY = "sk-marked-7f3a91-never-show"

pytestmark = pytest.mark.system


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "calls.jsonl"


@pytest.fixture
def url(log: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.support.llm_server", "--port", "0", "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        close_clients()
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_the_log_counts_what_was_bought(url: str, log: Path) -> None:
    llm = OpenAIChat(name="vendor", base_url=url, model="m", api_key=KEY)
    answer = llm.complete(chat("名称: 智能客服 🤖", request_key="call-1"))
    for behaviour in ("lost", "rate-limit"):
        with pytest.raises(ProviderError):
            llm.complete(chat(f"[[server:{behaviour}]]", request_key=f"call-{behaviour}", attempt=2))

    assert "智能客服 🤖" in answer.text
    calls = read_log(log)
    assert [(call["request_key"], call["attempt"], call["status"], call["billed"]) for call in calls] == [
        ("call-1", "1", 200, True),
        ("call-lost", "2", None, True),
        ("call-rate-limit", "2", 429, False),
    ]
    assert calls[0]["last_user"] == "名称: 智能客服 🤖"
    assert calls[0]["answered_at"] >= calls[0]["received_at"]
    assert calls[1]["answered_at"] is None
    assert KEY not in log.read_text(encoding="utf-8")
