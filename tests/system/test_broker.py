"""The broker that needs no installation: private, and keeping what it was given."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from launcher.supervisor.broker import Broker, BrokerError
from launcher.supervisor.ports import LOOPBACK, is_free

pytestmark = [pytest.mark.system, pytest.mark.once]


def test_the_broker_keeps_its_data_over_kill_and_restart(tmp_path: Path) -> None:
    with Broker(tmp_path / "数据 folder") as broker:
        with redis.Redis.from_url(broker.url) as client:
            client.set("文档", "已生成 ✅")
        broker.kill()
        assert not broker.is_ready()
        broker.start()
        broker.restart()
        with redis.Redis.from_url(broker.url) as client:
            assert client.get("文档").decode() == "已生成 ✅"
    assert is_free(broker.port)


def test_the_broker_asks_for_a_password_that_nobody_else_can_see(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        with (
            redis.Redis(LOOPBACK, broker.port, retry=Retry(NoBackoff(), 0)) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.get("x")
        commands = subprocess.run(["ps", "-wweo", "args"], capture_output=True, text=True, check=True).stdout
        assert str(tmp_path) in commands
        assert broker.password not in commands
        for name in ("broker.password", "valkey.conf"):
            assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
        assert Broker(tmp_path).password == broker.password, "made up once, then kept"


def test_a_broker_on_a_foreign_port_says_so(tmp_path: Path) -> None:
    with Broker(tmp_path / "a") as broker, pytest.raises(BrokerError, match="refuses our password"):
        Broker(tmp_path / "b", port=broker.port).start()
