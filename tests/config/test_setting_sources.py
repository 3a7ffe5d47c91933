"""Every setting is read in one way: from the process, from `.env`, and from a file that either of them names."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import pytest

from config.env import ROOT, Env, Setting
from config.published import BROKER, SUPERVISOR_LOCK, key_prefix, publish
from launcher.supervisor.plan import declare

pytestmark = pytest.mark.once

RANDOM = "x3Vt9_qLw7ZrEo1mUcYb5K-hPdS0gJaNf8iQv2TyXkRzMlBtCeWu"
#: What no rule makes up: choices, addresses, and what production looks at.
CHOSEN = {
    "DJANGO_SETTINGS_MODULE": "config.settings.prod",
    "VAR_DIR": "/nowhere/数据",
    "DATABASE_URL": "postgres://atelier:pw@db.example:5433/atelier",
    "NEW_DATABASE_URL": "sqlite:////nowhere/new.sqlite3",
    "REDIS_URL": "redis://:pw@broker.example:6380/3",
    "ALLOWED_HOSTS": "atelier.example,工坊.example",
    "CSRF_TRUSTED_ORIGINS": "https://atelier.example",
    "REGISTRATION": "invited",
    "CORS_ORIGIN": "https://app.example",
    "TRUSTED_PROXIES": "203.0.113.0/24",
    "SECURE_HSTS_SECONDS": "31536001",
    "ENCRYPTION_KEYS": "s5cEXr2Gv3Pq9nWzJ1kTyMbL7oQhUd0fAiR8xVtC4eY=",
    "LOG_LEVEL": "warning",
    "LOG_FORMAT": "json",
    "FILE_STORAGE": "s3",
    "S3_ENDPOINT_URL": "https://s3.example",
    "LLM_PROVIDERS": "moonshot,bedrock",
    "IMAGE_PROVIDERS": "siliconflow,aliyun",
    "MESH_PROVIDERS": "meshy,tencent",
    "EGRESS_ALLOW_PRIVATE": "10.9.0.0/16",
}

#: The supervisor reads all settings, its own and the product's; this shows what either has got in each of several
#: environments. Each is read by a copy of the process, which has imported others' packages before and none of ours.
SHOW = """
import json, os, sys
import celery, corsheaders.defaults, django.conf, django.urls, django.utils.translation, structlog

def show():
    from launcher.supervisor.plan import read_options
    options = read_options()
    found = vars(sys.modules[os.environ["DJANGO_SETTINGS_MODULE"]])
    settings = {name: value for name, value in found.items() if name.isupper() and name != "UNFOLD"}
    shown = lambda value: str(value).partition(" at 0x")[0]
    print(json.dumps([vars(options), settings], default=shown, sort_keys=True, ensure_ascii=False), flush=True)

before = dict(os.environ)
for environ in json.load(sys.stdin):
    child = os.fork()
    if not child:
        os.environ.clear()
        os.environ.update(before | environ)
        show()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""


def declared() -> dict[str, Setting]:
    own = Env({"ENV_FILE": ""})
    declare(own)
    own.str("DJANGO_SETTINGS_MODULE", "")
    for name, kind in (("SSL_REDIRECT", bool), ("HSTS_INCLUDE_SUBDOMAINS", bool), ("HSTS_PRELOAD", bool)):
        getattr(own, kind.__name__)(f"SECURE_{name}", name == "SSL_REDIRECT")
    own.int("SECURE_HSTS_SECONDS", 0)
    settings: Env = import_module("config.settings.base").env
    return settings.declared | own.declared


def sample(setting: Setting) -> str:
    """A value that isn't the default."""
    if setting.name in CHOSEN:
        return CHOSEN[setting.name]
    match setting.kind:
        case "bool":
            return str(not setting.default).lower()
        case "int" | "float":
            return str(setting.default + 1)  # type: ignore[operator]
        case "secret":
            return f"{RANDOM}{setting.name}"
        case "url":
            return f"https://{setting.name.lower().replace('_', '-')}.test/v1"
        case _:
            return f"工坊 {setting.name.lower()}"


SAMPLES = {name: sample(setting) for name, setting in declared().items()}


def read(folder: Path, *environments: tuple[Mapping[str, str], Mapping[str, str]]) -> list[str]:
    """What processes of the product have read, each with its environment and its `.env`."""
    asked = []
    for number, (process, dotenv) in enumerate(environments):
        file = folder / f"env-{number}"
        file.write_text("".join(f"{name}='{value}'\n" for name, value in dotenv.items()), "utf-8")
        asked.append({"ENV_FILE": str(file), **process})
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        input=json.dumps(asked),
        env={"PATH": os.environ["PATH"]},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def as_files(folder: Path) -> dict[str, str]:
    """`NAME_FILE` for each setting, which lead to files with the values."""
    folder.mkdir()
    for name, value in SAMPLES.items():
        (folder / name).write_text(f"{value}\n", "utf-8")
    return {f"{name}_FILE": str(folder / name) for name in SAMPLES}


def test_every_setting_is_read_in_one_way(tmp_path: Path) -> None:
    files = as_files(tmp_path / "secrets")
    by_process, *others = read(tmp_path, (SAMPLES, {}), ({}, SAMPLES), (files, {}), ({}, files))
    assert others == [by_process] * 3
    unseen = [
        name
        for name, value in SAMPLES.items()
        if value not in ("true", "false") and value.split(",")[0] not in by_process
    ]
    assert unseen == []


def test_a_command_finds_the_broker_of_its_own_data_only(tmp_path: Path) -> None:
    """Of two `make run`, a command asks the one on the data that its settings name, wherever they name it."""
    for name in ("mine", "other"):
        (tmp_path / name).mkdir()
        publish(tmp_path / name / BROKER, f"redis://:pw@127.0.0.1:1/{name == 'mine':d}")
    mine, file = str(tmp_path / "mine"), tmp_path / "var_dir"
    file.write_text(mine)
    process = {"DJANGO_SETTINGS_MODULE": "config.settings.dev"}
    places = (
        ({**process, "VAR_DIR": mine}, {}),
        (process, {"VAR_DIR": mine}),
        (process, {"VAR_DIR_FILE": str(file)}),
    )
    with (tmp_path / "mine" / SUPERVISOR_LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = read(tmp_path, *places)
    assert len(found) == 3
    for _, settings in map(json.loads, found):
        prefix = key_prefix(tmp_path / "mine")
        assert settings["REDIS_URL"] == "redis://:pw@127.0.0.1:1/1"
        assert settings["CELERY_BROKER_TRANSPORT_OPTIONS"]["global_keyprefix"] == prefix
        assert settings["CACHES"]["default"]["KEY_PREFIX"] == prefix
