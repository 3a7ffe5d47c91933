"""Secrets at rest: read by every key, written by the newest, shown by nothing."""

import copy
import io
import json
import logging
import os
import pickle
import subprocess
import sys
import traceback
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import orjson
import pytest
import structlog
from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import F

from accounts.models import ProviderKey, User
from config import crypto
from config.crypto import (
    Secret,
    current_key_id,
    decrypt,
    encrypt,
    encryption_keys,
    is_current,
    is_key,
    key_id,
    key_id_of,
)
from config.env import ROOT, Env, EnvironmentProblem
from config.errors import SecretUnreadableError
from config.logs import logging_config
from tests.support.patience import PATIENCE

MARKED = "sk-marked-密钥-🔑-never-show"
FIRST, SECOND, THIRD = ("MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=", *("eA" * 21 + "A=", "Yg" * 21 + "A="))


@pytest.fixture(autouse=True)
def _keys(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [FIRST]


def stored_in_database(key: ProviderKey) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM accounts_providerkey WHERE name = %s", [key.name])
        return str(cursor.fetchone()[0])


def key_with(owner: User, secret: Any, **fields: Any) -> ProviderKey:
    return ProviderKey.objects.create(owner=owner, provider="openai", name="密钥", secret=secret, **fields)


# -- encrypting ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "plain", ["", "sk-1", "密钥与 emoji 🔑🦙", "a\nb\x00c", "\ud83d half a pair", "x" * 10_000]
)
def test_what_is_encrypted_is_read_again(plain: str) -> None:
    stored = encrypt(plain)
    assert decrypt(stored) == plain
    assert stored.isascii()
    assert plain == "" or plain not in stored
    assert stored != encrypt(plain), "the same text must not be recognised"


def test_every_key_reads_and_the_newest_writes(settings: Any) -> None:
    old = encrypt(MARKED)
    settings.ENCRYPTION_KEYS = [SECOND, FIRST]
    assert decrypt(old) == MARKED
    assert not is_current(old)
    new = encrypt(MARKED)
    assert is_current(new)
    assert key_id_of(new) == current_key_id() == key_id(SECOND)
    settings.ENCRYPTION_KEYS = [SECOND]
    assert decrypt(new) == MARKED
    with pytest.raises(SecretUnreadableError):
        decrypt(old)


def test_what_was_stored_before_there_were_keys_is_read_when_there_are(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = []
    old = encrypt(MARKED)
    settings.ENCRYPTION_KEYS = [FIRST]
    assert decrypt(old) == MARKED
    assert not is_current(old)
    settings.SECRET_KEY = "another secret of another installation, " * 2
    with pytest.raises(SecretUnreadableError):
        decrypt(old)


def test_one_key_in_two_spellings_is_one_key(settings: Any) -> None:
    assert SECOND.endswith("A=")
    other = f"{SECOND[:-2]}B="
    assert is_key(other)
    settings.ENCRYPTION_KEYS = [SECOND]
    stored = encrypt(MARKED)
    settings.ENCRYPTION_KEYS = [other]
    assert decrypt(stored) == MARKED


def changed(stored: str) -> list[str]:
    name, _, token = stored.partition(":")
    middle = len(token) // 2
    flipped = "A" if token[middle] != "A" else "B"
    return [
        "",
        "no secret",
        token,
        f":{token}",
        f"{name}:",
        f"{name}:{token[:-4]}",
        f"{name}:{token[:middle]}{flipped}{token[middle + 1 :]}",
        f"{key_id(SECOND)}:{token}",
        f"{name}:密钥",
        f"{name}:\ud83d",
    ]


@pytest.mark.parametrize("number", range(10))
def test_what_somebody_has_changed_is_not_read(number: int, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [FIRST, SECOND]
    with pytest.raises(SecretUnreadableError) as caught:
        decrypt(changed(encrypt(MARKED))[number])
    assert caught.value.__context__ is None
    assert "重新输入" in caught.value.message("zh")


def test_the_id_is_read_only_where_there_is_one() -> None:
    assert [key_id_of(text) for text in ("", "sk-plain", "1234abcd", "12345678:x", "1234567G:x")] == [
        *("", ""),
        *("1234abcd", "12345678"),
        "",
    ]


# -- showing nothing -----------------------------------------------------------------------------------------------


def secrets() -> list[Secret]:
    return [Secret(MARKED), Secret(stored=encrypt(MARKED))]


@pytest.mark.parametrize("kept", [0, 1], ids=["plain", "stored"])
def test_a_secret_shows_itself_only_when_asked_by_name(kept: int) -> None:
    secret = secrets()[kept]
    assert secret.reveal() == MARKED
    shown = [
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret!r:>30}",
        str([secret]),
        str({"k": secret}),
    ]
    shown += [json.dumps({"k": secret}, default=str), orjson.dumps({"k": secret}, default=str).decode()]
    assert MARKED not in "".join(shown)
    assert "密钥" not in "".join(shown)
    for write in (json.dumps, orjson.dumps, lambda s: json.dumps(s, cls=DjangoJSONEncoder), pickle.dumps):
        with pytest.raises(TypeError) as caught:
            write(secret)
        assert MARKED not in str(caught.value)
    assert not hasattr(secret, "__dict__")


def test_a_kept_secret_keeps_nothing_plain() -> None:
    secret = Secret(stored=encrypt(MARKED))
    secret.reveal()
    assert MARKED not in str([getattr(secret, name) for name in Secret.__slots__])


def test_copies_are_the_same_secret() -> None:
    secret = Secret(MARKED)
    assert copy.copy(secret) is secret
    assert copy.deepcopy({"k": secret})["k"] is secret


def test_secrets_are_equal_when_they_say_the_same() -> None:
    plain, stored = secrets()
    assert plain == stored
    assert len({plain, stored}) == 1
    assert plain != Secret("another")
    assert plain != MARKED
    broken = Secret(stored="00000000:x")
    assert broken == Secret(stored="00000000:x"), "even when nobody can read it"


def test_a_secret_is_either_plain_or_stored() -> None:
    for given in ({}, {"plain": "a", "stored": "b"}):
        with pytest.raises(ValueError):
            Secret(**given)


@pytest.mark.parametrize(("plain", "end"), [("", ""), ("short-key", ""), ("sk-1234567890abcd", "abcd")])
def test_four_characters_are_shown_only_of_a_long_one(plain: str, end: str) -> None:
    assert Secret(plain).last_four == end


@pytest.mark.parametrize("as_json", [True, False])
def test_logs_show_no_secret(as_json: bool) -> None:
    config = logging_config(level="INFO", json=as_json)
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    formatter = config["formatters"]["structured"]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=formatter["foreign_pre_chain"], processors=formatter["processors"]
        )
    )
    log = logging.getLogger("crypto-test")
    log.addHandler(handler)
    log.propagate = False
    log.setLevel(logging.INFO)
    secret = Secret(MARKED)
    log.info("key %s %r", secret, {"k": secret})
    structlog.wrap_logger(log, processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter]).info(
        "x", given=secret, several=[secret]
    )
    try:
        decrypt(f"00000000:{secret.stored}")
    except SecretUnreadableError:
        log.exception("failed")
    assert "failed" in out.getvalue()
    assert MARKED not in out.getvalue()
    assert "never-show" not in out.getvalue()


def test_no_frame_of_a_failure_knows_a_key_or_a_secret(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [FIRST, SECOND]
    damaged = Secret(stored=changed(encrypt(MARKED))[6])
    with pytest.raises(SecretUnreadableError) as caught:
        damaged.reveal()
    told = "".join(
        traceback.TracebackException.from_exception(
            caught.value, capture_locals=True, lookup_lines=False
        ).format()
    )
    frames = told[told.index("crypto.py") :]  # this test's own frame knows them
    assert "_decrypted" not in frames
    for known in (FIRST, SECOND, MARKED, settings.SECRET_KEY):
        assert known not in frames


# -- the field -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [MARKED, Secret(MARKED)], ids=["text", "secret"])
def test_the_database_never_gets_it_plain(alice: User, given: Any) -> None:
    """Whichever way it is written."""
    key = key_with(alice, given)
    ways = {
        "create": lambda: None,
        "save": lambda: (setattr(key, "secret", given), key.save()),
        "save of one field": lambda: (setattr(key, "secret", given), key.save(update_fields=["secret"])),
        "update": lambda: ProviderKey.objects.update(secret=given),
        "bulk_update": lambda: (
            setattr(key, "secret", given),
            ProviderKey.objects.bulk_update([key], ["secret"]),
        ),
        "bulk_create": lambda: (
            key.delete(),
            ProviderKey.objects.bulk_create(
                [ProviderKey(owner=alice, provider="openai", name="密钥", secret=given)]
            ),
        ),
        "column to column": lambda: ProviderKey.objects.update(secret=F("secret")),
    }
    for way, write in ways.items():
        write()
        assert decrypt(stored_in_database(key)) == MARKED, way
        found = ProviderKey.objects.get()
        assert found.secret.reveal() == MARKED, way
        assert MARKED not in repr(found.__dict__), way


def test_a_row_that_is_saved_again_keeps_its_text(alice: User) -> None:
    key = key_with(alice, MARKED)
    before = stored_in_database(key)
    found = ProviderKey.objects.get()
    found.save()
    assert stored_in_database(key) == before
    assert ProviderKey.objects.filter(secret=Secret(stored=before)).exists()
    assert not ProviderKey.objects.filter(secret=MARKED).exists()


def test_only_text_is_a_secret(alice: User) -> None:
    for value in (b"bytes", 7, ["sk"]):
        with pytest.raises(TypeError, match="A secret is text"):
            key_with(alice, value)


def test_models_with_secrets_can_be_checked_and_copied(alice: User) -> None:
    key = key_with(alice, MARKED)
    key.full_clean()
    assert copy.deepcopy(key).secret.reveal() == MARKED
    with pytest.raises(TypeError):
        pickle.dumps(key)
    key.provider = "nobody"
    with pytest.raises(ValidationError) as caught:
        key.full_clean()
    assert MARKED not in str(caught.value)


@pytest.mark.parametrize("form", ["json", "jsonl", "xml"])
def test_dumps_hold_it_encrypted_and_load_again(alice: User, form: str, tmp_path: Path) -> None:
    key = key_with(alice, MARKED)
    before = stored_in_database(key)
    file = tmp_path / f"keys.{form}"
    call_command("dumpdata", "accounts.ProviderKey", format=form, output=str(file), verbosity=0)
    assert MARKED not in file.read_text("utf-8")
    assert before in file.read_text("utf-8")
    ProviderKey.objects.all().delete()
    call_command("loaddata", str(file), verbosity=0)
    assert stored_in_database(key) == before
    assert ProviderKey.objects.get().secret.reveal() == MARKED


def test_what_a_person_types_is_never_taken_for_an_encrypted_text(alice: User) -> None:
    """Else a stolen dump could be read by entering its texts as a key of one's own."""
    stolen = f"{crypto.DUMPED}{encrypt(MARKED)}"
    key = key_with(alice, Secret(stolen))
    assert ProviderKey.objects.get(pk=key.pk).secret.reveal() == stolen
    ProviderKey.objects.update(secret=stolen)
    assert ProviderKey.objects.get(pk=key.pk).secret.reveal() == stolen


# -- the environment -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [f"{FIRST},{SECOND}", f" {FIRST} , {SECOND},", f"{FIRST}\n{SECOND}\n", f"{FIRST} {SECOND}"]
)
def test_keys_are_split_at_commas_blanks_and_lines(text: str) -> None:
    assert encryption_keys(Env({"ENCRYPTION_KEYS": text, "ENV_FILE": ""})) == [FIRST, SECOND]


def test_keys_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{FIRST}\n{SECOND}\n", "utf-8")
    env = Env({"ENCRYPTION_KEYS_FILE": str(file), "ENV_FILE": ""})
    assert encryption_keys(env) == [FIRST, SECOND]
    env.done()


def test_without_keys_there_are_none() -> None:
    assert encryption_keys(Env({"ENV_FILE": ""})) == []


@pytest.mark.parametrize(
    "bad", ["short", "密钥", "x" * 44, FIRST[:-1], f"{FIRST}{SECOND}", f"{FIRST},oops"], ids=lambda _: ""
)
def test_what_is_no_key_is_reported_and_not_shown(bad: str) -> None:
    env = Env({"ENCRYPTION_KEYS": bad, "ENV_FILE": ""})
    encryption_keys(env)
    with pytest.raises(EnvironmentProblem) as caught:
        env.done()
    assert "Fernet.generate_key" in str(caught.value)
    assert bad not in str(caught.value)


def test_generated_keys_are_keys() -> None:
    assert is_key(Fernet.generate_key().decode())
    assert is_key(crypto.derived_key("任何 secret"))


def start(**environ: str) -> subprocess.CompletedProcess[str]:
    given = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TEST_", "DJANGO_", "ATELIER_"))
    }
    production = {
        "DJANGO_SETTINGS_MODULE": "config.settings.prod",
        "ENV_FILE": "",
        "SECRET_KEY": token_urlsafe(64),
        "JWT_SECRET": token_urlsafe(64),
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "ALLOWED_HOSTS": "atelier.example.com",
        "CORS_ORIGIN": "https://atelier.example.com",
    }
    program = "from django.conf import settings; print(len(settings.ENCRYPTION_KEYS))"
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**given, **production, **environ},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@pytest.mark.once
def test_production_refuses_to_start_without_keys(tmp_path: Path) -> None:
    refused = start()
    assert refused.returncode != 0
    assert "ENCRYPTION_KEYS: must be set" in refused.stderr
    file = tmp_path / "keys"
    keys = [Fernet.generate_key().decode() for _ in range(2)]
    file.write_text("\n".join(keys), "utf-8")
    started = start(ENCRYPTION_KEYS_FILE=str(file))
    assert (started.returncode, started.stdout.strip()) == (0, "2"), started.stderr
