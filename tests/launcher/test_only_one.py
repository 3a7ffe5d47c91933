"""One `make run` on one data folder, also while the one before it is still going."""

import fcntl
from pathlib import Path

import pytest

from config.published import BROKER, SUPERVISOR_LOCK
from launcher.supervisor import __main__ as supervisor
from launcher.supervisor import plan

LEFT_BEHIND = "redis://:password@127.0.0.1:1/0"


@pytest.fixture
def var_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ENV_FILE", "")
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    (tmp_path / BROKER).write_text(LEFT_BEHIND)
    return tmp_path


def test_nothing_is_read_while_another_one_has_the_folder(
    var_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its settings would name the other one's broker, which goes with it."""
    monkeypatch.setattr(plan, "read_options", lambda: pytest.fail("the settings were read"))
    with (var_dir / SUPERVISOR_LOCK).open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert supervisor.main([]) == 1
    assert "already runs" in capsys.readouterr().err


def test_the_broker_of_one_that_was_killed_is_forgotten_before_the_settings_are_read(
    var_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> plan.Options:
        assert not (var_dir / BROKER).exists()
        raise supervisor.StartError("seen")

    monkeypatch.setattr(plan, "read_options", refuse)
    assert supervisor.main([]) == 1
