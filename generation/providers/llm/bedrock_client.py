"""The clients of Bedrock's runtime in this process: one for each account, region and address.

Making one reads the service's description, which takes a fifth of a second; a finished one is safe to share between
threads (boto3's guide, "Multithreading with clients"). botocore's own retries are off: the job engine counts attempts.
"""

from __future__ import annotations

import os
import threading
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from generation.providers.quiet import quiet

#: Seconds of silence after which the call that is being made is given up.
silence: ContextVar[float | None] = ContextVar("bedrock_silence", default=None)

_clients: dict[tuple[int, Account], Any] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Account:
    """Whose client it is. Without keys, boto3's usual places are searched (environment, profile, role)."""

    region: str
    endpoint_url: str = ""
    access_key_id: str = field(default="", repr=False)
    secret_access_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 600.0
    max_connections: int = 200

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no text of a vendor's may repeat."""
        return self.access_key_id, self.secret_access_key, self.session_token


def shared_client(account: Account) -> Any:
    # The process id keeps a forked child away from its parent's sockets.
    key = (os.getpid(), account)
    client = _clients.get(key)
    if client is None:
        with _lock:
            client = _clients.get(key) or _build(account)
            _clients[key] = client
    return client


def close_clients() -> None:
    """Close every connection of this process; the next call opens a new one."""
    with _lock:
        mine = [key for key in _clients if key[0] == os.getpid()]
        closing = [_clients.pop(key) for key in mine]
    for client in closing:
        client.close()


def _build(account: Account) -> Any:
    # botocore's Config by boto3's name for it: only boto3 is a dependency of ours.
    from boto3.session import Config, Session

    session = Session(
        aws_access_key_id=account.access_key_id or None,
        aws_secret_access_key=account.secret_access_key or None,
        aws_session_token=account.session_token or None,
        region_name=account.region,
    )
    config = Config(
        connect_timeout=account.connect_timeout_s,
        read_timeout=account.read_timeout_s,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=account.max_connections,
        tcp_keepalive=True,
    )
    client = session.client("bedrock-runtime", endpoint_url=account.endpoint_url or None, config=config)
    quiet("boto3", "botocore", "urllib3")
    client.meta.events.register("provide-client-params.bedrock-runtime", _limit_silence)
    return client


def _limit_silence(context: dict[str, Any], **_: Any) -> None:
    """botocore reads a call's own time-out from its context."""
    seconds = silence.get()
    if seconds is not None:
        context["read_timeout"] = seconds
