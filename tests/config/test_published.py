"""What a running `make run` tells other terminals, and that a dead one tells nothing."""

import fcntl
import stat
from pathlib import Path

from config.published import (
    BROKER,
    SMALL_MODEL,
    SUPERVISOR_LOCK,
    key_prefix,
    publish,
    publish_small_model,
    published_settings,
    withdraw,
)

MODEL = {"SMALL_MODEL_BASE_URL": "http://127.0.0.1:9/v1", "SMALL_MODEL_API_KEY": "k"}


def tell(folder: Path) -> None:
    publish(folder / BROKER, "redis://:geheim@127.0.0.1:1/0\n")
    publish_small_model(folder, MODEL)


def test_a_running_house_is_believed(tmp_path: Path) -> None:
    tell(tmp_path)
    with (tmp_path / SUPERVISOR_LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        broker = {
            "REDIS_URL": "redis://:geheim@127.0.0.1:1/0",
            "REDIS_KEY_PREFIX": key_prefix(tmp_path),
        }
        assert published_settings(tmp_path) == broker | MODEL
        withdraw(tmp_path, SMALL_MODEL)
        assert published_settings(tmp_path) == broker


def test_what_a_killed_house_has_left_is_not_believed(tmp_path: Path) -> None:
    tell(tmp_path)
    assert published_settings(tmp_path) == {}
    (tmp_path / SUPERVISOR_LOCK).touch()
    assert published_settings(tmp_path) == {}
    assert published_settings(tmp_path / "nowhere") == {}


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.touch(0o644)
    publish(path, "密")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text("utf-8") == "密"
