"""Rotation of keys: every secret ends up by the newest key, and what users do meanwhile is never undone."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test.utils import isolate_apps

from accounts.models import ProviderKey, User
from accounts.services.keys import key_update
from config import rotation
from config.crypto import EncryptedTextField, Secret, decrypt, encrypt, is_current, key_id
from config.env import ROOT
from config.rotation import Column, encrypted_columns
from tests.conftest import make_user
from tests.support.databases import Database, fresh_database, in_use
from tests.support.patience import PATIENCE

OLD, NEW, LOST = ("b2xk" * 10 + "b2s=", "bmV3" * 10 + "bmU=", "bG9z" * 10 + "bG8=")
COLUMN = Column(ProviderKey, "secret")


@pytest.fixture(autouse=True)
def _old_key(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [OLD]


def make_keys(owner: User, number: int) -> list[ProviderKey]:
    return ProviderKey.objects.bulk_create(
        ProviderKey(owner=owner, provider="openai", name=f"密钥 {n}", secret=f"sk-{n}-🔑")
        for n in range(number)
    )


def stored() -> dict[str, str]:
    """Names and what the database holds for them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, secret FROM accounts_providerkey")
        return dict(cursor.fetchall())


def run(*options: str) -> str:
    out = io.StringIO()
    call_command("rotate_keys", *options, stdout=out)
    return out.getvalue()


def complaint(*options: str) -> CommandError:
    with pytest.raises(CommandError) as caught:
        run(*options)
    return caught.value


@pytest.mark.parametrize("size", ["1", "3", "5", "500"])
def test_every_secret_is_encrypted_by_the_newest_key(alice: User, settings: Any, size: str) -> None:
    make_keys(alice, 5)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    changed_at = set(ProviderKey.objects.values_list("updated_at", flat=True))
    assert f"5 secrets are encrypted by the newest key ({key_id(NEW)})" in run("--batch-size", size)
    settings.ENCRYPTION_KEYS = [NEW]
    assert {decrypt(text) for text in stored().values()} == {f"sk-{n}-🔑" for n in range(5)}
    assert set(ProviderKey.objects.values_list("updated_at", flat=True)) == changed_at, (
        "nobody has changed a key"
    )
    assert "0 secrets are encrypted" in run(), "a second time there is nothing to do"


def test_rows_that_are_current_are_not_written(alice: User, settings: Any) -> None:
    make_keys(alice, 2)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    ProviderKey.objects.filter(name="密钥 0").update(secret="sk-current")
    before = stored()
    assert "1 secrets are encrypted" in run()
    after = stored()
    assert after["密钥 0"] == before["密钥 0"]
    assert after["密钥 1"] != before["密钥 1"]


def test_a_first_key_takes_over_from_the_derived_one(alice: User, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = []
    make_keys(alice, 2)
    settings.ENCRYPTION_KEYS = [NEW]
    run()
    assert all(is_current(text) for text in stored().values())


def test_a_dry_run_reads_everything_and_changes_nothing(alice: User, settings: Any) -> None:
    make_keys(alice, 3)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    ProviderKey.objects.filter(name="密钥 0").update(secret="sk-current")
    before = stored()
    said = " ".join(run("--dry-run", "--batch-size", "2").split())
    assert f"3 secrets: 1 by the newest key ({key_id(NEW)}), 2 to rotate, 0 unreadable." in said
    assert stored() == before


def test_what_cant_be_decrypted_is_counted_by_its_key_and_left_alone(alice: User, settings: Any) -> None:
    make_keys(alice, 5)
    settings.ENCRYPTION_KEYS = [LOST]
    ProviderKey.objects.filter(name__in=["密钥 0", "密钥 1"]).update(secret="sk-lost")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    damaged = encrypt("sk-damaged")[:-6]
    ProviderKey.objects.filter(name="密钥 2").update(secret=Secret(stored=damaged))
    before = stored()

    told = complaint("--dry-run")
    assert told.returncode == 1
    assert f"2 by the key with the id {key_id(LOST)}, which is not in ENCRYPTION_KEYS: add it" in str(told)
    assert "1 damaged" in str(told)
    assert stored() == before

    told = complaint("--batch-size", "1")
    assert told.returncode == 1
    assert f"2 by the key with the id {key_id(LOST)}" in str(told)
    after = stored()
    assert [after[f"密钥 {n}"] == before[f"密钥 {n}"] for n in range(5)] == [True, True, True, False, False]

    settings.ENCRYPTION_KEYS = [NEW, OLD, LOST]
    assert "2 secrets are encrypted" in run()


@pytest.mark.parametrize("size", ["0", "-1", "10001"])
def test_batches_have_limits(size: str) -> None:
    assert "1 to 10000" in str(complaint("--batch-size", size))


def test_the_help_teaches_the_procedure(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("rotate_keys", "--help")
    said = capsys.readouterr().out
    for step in ("Fernet.generate_key", "ENCRYPTION_KEYS=old,new", "ENCRYPTION_KEYS=new,old", "--dry-run"):
        assert step in said


def test_every_encrypted_column_is_found() -> None:
    assert [str(column) for column in encrypted_columns()] == ["accounts.ProviderKey.secret"]


@isolate_apps("accounts")
def test_columns_are_found_by_their_type(monkeypatch: pytest.MonkeyPatch) -> None:
    class Vault(models.Model):  # noqa: DJ008
        first = EncryptedTextField()
        second = EncryptedTextField(null=True)
        plain = models.TextField()

        class Meta:
            app_label = "accounts"

    monkeypatch.setattr("django.apps.apps.get_models", lambda: [Vault])
    assert [str(column) for column in encrypted_columns()] == [
        "accounts.Vault.first",
        "accounts.Vault.second",
    ]


# -- while others write --------------------------------------------------------------------------------------------


def test_what_is_changed_between_reading_and_writing_stays(
    alice: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_keys(alice, 2)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    replace = rotation._replace

    def overtaken(column: Column, key: Any, old: str, renewed: str) -> int:
        ProviderKey.objects.filter(pk=key, name="密钥 0").update(secret="sk-from-the-user")
        return replace(column, key, old, renewed)

    monkeypatch.setattr(rotation, "_replace", overtaken)
    (outcome,) = rotation.rotate(COLUMN, 500)
    assert (outcome.rotated, outcome.overtaken) == (1, 1)
    assert decrypt(stored()["密钥 0"]) == "sk-from-the-user"


def test_what_others_write_by_the_old_key_is_walked_again(
    alice: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was started before the new key stood first."""
    make_keys(alice, 3)
    by_the_old_key = encrypt("sk-from-the-user")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    rounds = iter([True, False])
    replace = rotation._replace

    def undone(column: Column, key: Any, old: str, renewed: str) -> int:
        done = replace(column, key, old, renewed)
        if next(rounds, False):
            ProviderKey.objects.filter(pk=key).update(secret=Secret(stored=by_the_old_key))
        return done

    monkeypatch.setattr(rotation, "_replace", undone)
    assert "4 secrets are encrypted" in run()
    assert all(is_current(text) for text in stored().values())
    assert "sk-from-the-user" in {decrypt(text) for text in stored().values()}

    rounds = iter([True] * 100)
    ProviderKey.objects.update(secret=Secret(stored=by_the_old_key))
    told = complaint()
    assert told.returncode == 1
    assert "3 are by an older key again: a process still runs with the old ENCRYPTION_KEYS" in str(told)


@pytest.fixture
def arena(django_db_blocker: Any) -> Iterator[Database]:
    """A database that other threads and processes see, too."""
    with django_db_blocker.unblock(), fresh_database() as database, in_use(database):
        yield database


def test_users_go_on_changing_their_keys_meanwhile(arena: Database, settings: Any) -> None:
    keys = make_keys(make_user("alice"), 24)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    is_over = Event()

    def change(mine: list[ProviderKey]) -> dict[str, str]:
        """Give the keys new secrets in turn until the rotation is over; the last one of each."""
        last, n = {}, 0
        try:
            while not (is_over.is_set() and n >= len(mine)):
                key = mine[n % len(mine)]
                n += 1
                last[key.name] = f"sk-新-{n}"
                key_update(key=key, secret=Secret(last[key.name]))
            return last
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as crew:
        users = [crew.submit(change, keys[start:12:2]) for start in (0, 1)]
        try:
            run("--batch-size", "3")
        finally:
            is_over.set()
        expected = {key.name: f"sk-{n}-🔑" for n, key in enumerate(keys)}
        for user in users:
            expected |= user.result(PATIENCE)

    settings.ENCRYPTION_KEYS = [NEW]
    assert {name: decrypt(text) for name, text in stored().items()} == expected


def test_a_killed_rotation_loses_nothing_and_goes_on(arena: Database, settings: Any) -> None:
    """kill -9 in the middle; every secret is readable at any moment."""
    number = 1_000
    make_keys(make_user("alice"), number)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    rotation_process = subprocess.Popen(
        [sys.executable, "manage.py", "rotate_keys", "--batch-size", "1"],
        env={
            **os.environ,
            **arena.environ,
            "ENCRYPTION_KEYS": f"{NEW},{OLD}",
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
        },
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + PATIENCE
    try:
        while (
            COLUMN.rows().count() == number
            and rotation_process.poll() is None
            and time.monotonic() < deadline
        ):
            pass
    finally:
        rotation_process.send_signal(signal.SIGKILL)
        _, errors = rotation_process.communicate()
    left = COLUMN.rows().count()
    assert 0 < left < number, errors.decode()
    assert sorted(decrypt(text) for text in stored().values()) == sorted(f"sk-{n}-🔑" for n in range(number))

    assert f"{left} secrets are encrypted by the newest key" in run()
    assert COLUMN.rows().count() == 0
    assert sorted(decrypt(text) for text in stored().values()) == sorted(f"sk-{n}-🔑" for n in range(number))
