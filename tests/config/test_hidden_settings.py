"""Secrets of the environment are shown by nothing that shows settings, nor by what tells how the process is doing."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as conf
from django.test import RequestFactory
from django.views.debug import ExceptionReporter

from accounts.models import User
from config.env import Env, Hidden
from config.logs import logging_config
from tests.support.closed_port import closed_port
from tests.support.search import Heard, Marks, answers, listening

KEY = "aQ7xZk2Mw+9_Rt=vHs4LpN8cJ_y-5.GdBf3WqT6uKe1YnX9owxyz"
FERNET = "s5cEXr2Gv3Pq9nWzJ1kTyMbL7oQhUd0fAiR8xVtC4eY="
MARKS = Marks(KEY, FERNET)

#: A server with everything that can be secret. Each value is marked, so that none is forgotten.
ENVIRONMENT = {
    "SECRET_KEY": f"{KEY}-secret",
    "JWT_SECRET": f"{KEY}-jwt",
    "EMAIL_HOST_PASSWORD": f"{KEY}-mail",
    "FIRST_ADMIN_PASSWORD": f"{KEY}-admin",
    "FIRST_ADMIN_TOKEN": f"{KEY}-token",
    "ENCRYPTION_KEYS": FERNET,
    "DATABASE_URL": f"postgres://atelier:{KEY}@127.0.0.1:1/atelier",
    "REDIS_URL": f"redis://:{KEY}@127.0.0.1:1/0",
    "LLM_PROVIDERS": "deepseek,openai,qwen,moonshot,siliconflow,local,local-model,bedrock",
    **dict.fromkeys(
        [
            "DEEPSEEK_API_KEY",
            "OPENAI_API_KEY",
            "QWEN_LLM_API_KEY",
            "MOONSHOT_API_KEY",
            "SILICONFLOW_API_KEY",
            "LOCAL_LLM_API_KEY",
            "SMALL_MODEL_API_KEY",
            "ALIYUN_IMAGE_API_KEY",
            "LOCAL_IMAGE_API_KEY",
            "TENCENTCLOUD_SECRET_ID",
            "TENCENTCLOUD_SECRET_KEY",
            "MESHY_API_KEY",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "EMAIL_HOST_PASSWORD",
            "S3_SECRET_ACCESS_KEY",
        ],
        KEY,
    ),
    "LOCAL_LLM_BASE_URL": f"http://user:{KEY}@127.0.0.1:1/v1",
    "LOCAL_IMAGE_BASE_URL": f"http://user:{KEY}@127.0.0.1:1/v1",
    "IMAGE_PROVIDERS": "aliyun,siliconflow,openai,local",
    "MESH_PROVIDERS": "tencent,meshy",
    "SMALL_MODEL_BASE_URL": "http://127.0.0.1:1/v1",
    "AWS_REGION": "us-east-1",
}

#: What people look at when something is wrong: settings, checks, the page of errors and the e-mail about them.
SHOW = """
import sys
import django
from django.core.management import call_command
from django.test import RequestFactory
from django.views.debug import ExceptionReporter

django.setup()
call_command("diffsettings", all=True)
call_command("check")
from django.conf import settings
from generation.providers import registry


def crash():
    providers, databases, everything = settings.PROVIDERS, settings.DATABASES, dict(vars(settings._wrapped))
    for name in providers["llm"]:
        adapter = registry.get_llm(name)
    raise RuntimeError(f"crashed with {adapter!r}")


request = RequestFactory().get("/", HTTP_AUTHORIZATION="Bearer " + settings.JWT_SECRET)
request.META["REDIS_URL"] = str(settings.REDIS_URL)  # runserver shows the environment as a part of the request
try:
    crash()
except RuntimeError:
    for is_email in (False, True):
        reporter = ExceptionReporter(request, *sys.exc_info(), is_email=is_email)
        print(reporter.get_traceback_html())
        print(reporter.get_traceback_text())
"""


@pytest.mark.once
@pytest.mark.parametrize("module", ["config.settings.dev", "config.settings.prod"])
def test_nothing_that_shows_settings_shows_a_secret(module: str, tmp_path: Path) -> None:
    others = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": "",
        "VAR_DIR": str(tmp_path),
        "ALLOWED_HOSTS": "testserver",
    }
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        env={**others, **ENVIRONMENT, "DJANGO_SETTINGS_MODULE": module},
        cwd=conf.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for shown in ("ENCRYPTION_KEYS = [<hidden>]", "crashed with BedrockChat", "System check identified"):
        assert shown in done.stdout + done.stderr
    assert done.stdout.count("127.0.0.1") > 4, "addresses are shown"
    assert MARKS.leaks([("output", done.stdout), ("errors", done.stderr)]) == []


def test_the_environment_named_here_has_every_secret_that_there_is() -> None:
    from config.settings import base  # noqa: TID251 — what is declared there is what this is about

    secret = {name for name, setting in base.env.declared.items() if setting.is_secret}
    assert secret <= ENVIRONMENT.keys()


class TestHidden:
    def test_it_is_a_text_like_any_other(self) -> None:
        hidden = Hidden("密钥")
        assert hidden == "密钥"
        assert (f"{hidden}", json.dumps(hidden)) == ("密钥", '"\\u5bc6\\u94a5"')

    def test_it_is_shown_by_nothing_that_shows_values(self) -> None:
        hidden = Hidden("密钥")
        assert "密" not in repr([{"a": hidden}])
        assert "密" not in f"{hidden!r} {hidden!a}"

    def test_secrets_and_addresses_with_a_password_are_hidden(self) -> None:
        env = Env({"A": "s", "B": "redis://:s@h/0", "C": "redis://h/0", "ENV_FILE": ""})
        assert repr([env.secret("A"), env.url("B"), env.url("C")]) == "[<hidden>, <hidden>, 'redis://h/0']"


# -- while it runs ---------------------------------------------------------------------------------------------------


@pytest.fixture
def heard() -> Iterator[Heard]:
    with listening() as heard:
        yield heard


def test_health_says_nothing_of_how_the_broker_is_reached(
    staff: User, client_for: Any, anonymous: Any, settings: Any, heard: Heard
) -> None:
    settings.CELERY_BROKER_URL = f"redis://user:{KEY}@127.0.0.1:{closed_port()}/0"
    shown = [
        *answers(client_for(staff), ["/health/detailed"]),
        *answers(anonymous, ["/health/ready", "/health/detailed"]),
        *heard.texts(),
    ]
    assert "health.check_failed" in dict(shown)["log as json"]
    assert MARKS.leaks(shown) == []


@pytest.mark.once
def test_a_report_hides_what_looks_like_a_secret_by_itself(settings: Any) -> None:
    settings.ANYTHING = {"nested": [f"redis://:{KEY}@host:1/0", "sk-0123456789abcdef"], "harmless": "值"}
    request = RequestFactory().post("/admin/", {"text": "好"})
    shown = ExceptionReporter(request, None, None, None).get_traceback_text()
    assert "ANYTHING" in shown
    assert "host:1/0" in shown
    assert "sk-0123456789abcdef" not in shown
    assert MARKS.find(shown) == ""


@pytest.mark.once
@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING"])
def test_django_writes_nothing_past_our_own_handler(level: str) -> None:
    """It would write to the console and into e-mails what nobody has redacted, and at DEBUG each statement's values."""
    django = logging_config(level=level, json=True)["loggers"]["django"]
    assert django["handlers"] == []
    assert django["level"] in ("INFO", "WARNING")
    assert logging.getLogger("django").handlers == []
