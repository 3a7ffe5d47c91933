"""Production refuses what is only fit for development, and believes only its own proxies."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from config.env import ROOT
from config.middleware import ProxyMiddleware
from config.sqlite.base import make_private
from config.weak_secrets import DEV_SECRET

pytestmark = pytest.mark.once

STRONG = "x3Vt9_qLw7ZrEo1mUcYb5K-hPdS0gJaNf8iQv2TyXkRzMlBtCeWu"
GOOD = {
    "ENV_FILE": "",
    "SECRET_KEY": STRONG,
    "ENCRYPTION_KEYS": "s5cEXr2Gv3Pq9nWzJ1kTyMbL7oQhUd0fAiR8xVtC4eY=",
    "REDIS_URL": "redis://broker:6379/0",
    "ALLOWED_HOSTS": "atelier.example",
}
ZEROS = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

#: What is changed in a good environment, and the setting that is then to blame; none for a good one.
CASES: dict[str, tuple[dict[str, str], str]] = {
    "all is well": ({"JWT_SECRET": STRONG[::-1], "CORS_ORIGIN": "https://app.example"}, ""),
    "files in a bucket": ({"FILE_STORAGE": "s3", "S3_BUCKET": "b", "S3_REGION": "eu-central-1"}, ""),
    "no bucket": ({"FILE_STORAGE": "s3"}, "S3_BUCKET"),
    "half a login": ({"FILE_STORAGE": "s3", "S3_BUCKET": "b", "S3_ACCESS_KEY_ID": "k"}, "S3_ACCESS_KEY_ID"),
    "no secret": ({"SECRET_KEY": ""}, "SECRET_KEY"),
    "the published secret": ({"SECRET_KEY": DEV_SECRET}, "SECRET_KEY"),
    "one letter": ({"SECRET_KEY": "a" * 64}, "SECRET_KEY"),
    "too short": ({"SECRET_KEY": STRONG[:49]}, "SECRET_KEY"),
    "the published secret for tokens": ({"JWT_SECRET": DEV_SECRET}, "JWT_SECRET"),
    "one letter for tokens": ({"JWT_SECRET": "k" * 40}, "JWT_SECRET"),
    "zeros for tokens": ({"JWT_SECRET": "0" * 64}, "JWT_SECRET"),
    "too short for tokens": ({"JWT_SECRET": STRONG[:31]}, "JWT_SECRET"),
    "no key": ({"ENCRYPTION_KEYS": ""}, "ENCRYPTION_KEYS"),
    "a key of zeros": ({"ENCRYPTION_KEYS": ZEROS}, "ENCRYPTION_KEYS"),
    "an old key of zeros": ({"ENCRYPTION_KEYS": f"{GOOD['ENCRYPTION_KEYS']},{ZEROS}"}, "ENCRYPTION_KEYS"),
    "no broker": ({"REDIS_URL": ""}, "REDIS_URL"),
    "no host": ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS"),
    "any host": ({"ALLOWED_HOSTS": "a.example,*"}, "ALLOWED_HOSTS"),
    "any origin": ({"CORS_ORIGIN": "*"}, "CORS_ORIGIN"),
    "the origin null": ({"CORS_ORIGIN": "https://app.example,null"}, "CORS_ORIGIN"),
    "preload without subdomains": (
        {"SECURE_HSTS_PRELOAD": "true", "SECURE_HSTS_SECONDS": "31536000"},
        "SECURE_HSTS_PRELOAD",
    ),
    "proxies anywhere": ({"TRUSTED_PROXIES": "10.0.0.0/8,0.0.0.0/0"}, "TRUSTED_PROXIES"),
    "proxies in half of the world": ({"TRUSTED_PROXIES": "128.0.0.0/1"}, "TRUSTED_PROXIES"),
    "proxies anywhere in IPv6": ({"TRUSTED_PROXIES": "::/0"}, "TRUSTED_PROXIES"),
    "proxies that are no networks": ({"TRUSTED_PROXIES": "10.0.0.1/8,proxy.example"}, "TRUSTED_PROXIES"),
}

#: One process for all cases: most of its time goes into imports.
TRY = """
import json, os, sys
from importlib import import_module
from config.env import EnvironmentProblem

before, answers = dict(os.environ), {}
for name, environ in json.load(sys.stdin).items():
    for module in [module for module in sys.modules if module.startswith("config.settings")]:
        del sys.modules[module]
    os.environ.clear()
    os.environ.update(before | environ)
    try:
        import_module("config.settings.prod")
    except EnvironmentProblem as problem:
        answers[name] = [(found.name, str(problem)) for found in problem.problems]
    else:
        answers[name] = []
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def refusals() -> dict[str, list[tuple[str, str]]]:
    asked = {name: GOOD | changes for name, (changes, _) in CASES.items()}
    done = subprocess.run(
        [sys.executable, "-c", TRY],
        input=json.dumps(asked),
        env={"PATH": os.environ["PATH"]},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    answers: dict[str, list[tuple[str, str]]] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_fit_for_production_is_refused(
    refusals: Mapping[str, list[tuple[str, str]]], case: str
) -> None:
    changes, blamed = CASES[case]
    assert {name for name, _ in refusals[case]} == ({blamed} if blamed else set())
    for _, message in refusals[case]:
        assert not any(value in message for value in changes.values() if len(value) > 30)


# -- whom it believes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "peer", "is_believed"),
    [
        (1, "127.0.0.1", True),
        (1, "10.1.2.3", True),
        (1, "::ffff:10.1.2.3", True),
        (1, "", True),
        (1, "203.0.113.5", False),
        (1, "unknown", False),
        (0, "127.0.0.1", False),
        (0, "10.1.2.3", False),
    ],
)
def test_only_proxies_of_ours_say_that_a_request_came_by_https(
    settings: Any, proxies: int, peer: str, is_believed: bool
) -> None:
    settings.NUM_PROXIES = proxies
    settings.TRUSTED_PROXIES = ["127.0.0.0/8", "10.0.0.0/8"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    request = HttpRequest()
    request.META |= {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_PROTO": "https"}
    ProxyMiddleware(lambda request: HttpResponse())(request)
    assert request.is_secure() is is_believed


# -- the database's file ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"), [(0o644, 0o600), (0o666, 0o600), (0o660, 0o660), (0o600, 0o600)]
)
def test_what_others_may_read_becomes_the_owners_alone(tmp_path: Path, before: int, after: int) -> None:
    path = tmp_path / "atelier.sqlite3"
    path.touch()
    path.chmod(before)
    make_private(path)
    assert stat.S_IMODE(path.stat().st_mode) == after


def test_a_new_database_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "数据"
    subprocess.run(
        [
            sys.executable,
            "manage.py",
            "shell",
            "-c",
            "from django.db import connection; connection.ensure_connection()",
        ],
        env={
            "PATH": os.environ["PATH"],
            "ENV_FILE": "",
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "VAR_DIR": str(folder),
        },
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("atelier.sqlite3*")}
    assert modes["atelier.sqlite3"] == 0o600
    assert set(modes.values()) == {0o600}
