"""How fast the model writes on this machine: measured once it is installed, because nobody can guess it."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from launcher.local_llm.installation import Installation
from launcher.local_llm.weights import Model

SERVER = Path(__file__).with_name("server.py")
LOOPBACK = "127.0.0.1"
READY_SECONDS = 120.0
ANSWER_SECONDS = 120.0
#: Tokens of an ordinary document.
DOCUMENT_TOKENS = 1_500
_MEASURED_TOKENS = 96
_COUNTED = re.compile(rb'"completion_tokens":\s*(\d+)')


def measure(installation: Installation, model: Model, port: int) -> float | None:
    """Tokens a second; None where the server can't be started or doesn't answer."""
    key = secrets.token_urlsafe(16)
    command = (
        *(
            str(installation.python),
            "-I",
            str(SERVER),
            "--model",
            str(installation.file(model)),
            "--alias",
            model.name,
        ),
        *("--port", str(port), "--memory", str(model.memory)),
    )
    environment = {**os.environ, "SMALL_MODEL_API_KEY": key, "MALLOC_ARENA_MAX": "2"}
    try:
        server = subprocess.Popen(  # noqa: S603 — our own command
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError:
        return None
    try:
        return _speed(port, model, key) if _is_ready(server, port) else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        server.kill()
        server.wait()


def sentence(speed: float) -> str:
    """What a person makes of it."""
    minutes = DOCUMENT_TOKENS / speed / 60
    takes = f"{minutes:.0f} minutes" if minutes >= 1.5 else f"{minutes * 60:.0f} seconds"
    return f"It writes about {speed:.0f} tokens a second here: a document takes about {takes}."


def _is_ready(server: subprocess.Popen[bytes], port: int) -> bool:
    until = time.monotonic() + READY_SECONDS
    while server.poll() is None and time.monotonic() < until:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
            connection.request("GET", "/health")
            if connection.getresponse().status == http.client.OK:
                return True
        time.sleep(0.2)
    return False


def _speed(port: int, model: Model, key: str) -> float | None:
    body = {
        "model": model.name,
        "messages": [{"role": "user", "content": "Describe a tea house in a long paragraph."}],
        "max_tokens": _MEASURED_TOKENS,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_SECONDS)
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    answer = connection.getresponse()
    first = answer.read1(1)  # from here on it writes; before, it read the question
    began = time.monotonic()
    rest = answer.read()
    seconds = max(time.monotonic() - began, 0.001)
    counted = _COUNTED.findall(first + rest)
    return int(counted[-1]) / seconds if answer.status == http.client.OK and counted else None
