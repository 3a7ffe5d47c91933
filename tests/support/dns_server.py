"""A DNS server on loopback whose answers change from one question to the next, and the client to ask it with.

    with DNSServer({"api.example.com": [["93.184.215.14"], ["127.0.0.1", "::1"]]}) as dns:
        dns.lookup("api.example.com")   # the addresses of the first round, the next time those of the second
        dns.asked("api.example.com")    # how often it was asked

Each name has rounds of addresses; the last round stays. `lookup` asks for A and AAAA, as the system does, and takes
no notice of lifetimes (they are 0). An unknown name doesn't exist, a name with no rounds fails (SERVFAIL), and one
whose value is `SILENT` gets no answer before `speak()`: then it turns out not to exist.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
import struct
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.patience import PATIENCE

SILENT = "silent"
_A, _AAAA, _IN = 1, 28, 1
_SERVFAIL, _NXDOMAIN = 2, 3
_HEAD = struct.Struct("!6H")
_RECORD = struct.Struct("!HHHIH")
_POINTER_TO_QUESTION = 0xC00C

Rounds = Sequence[Sequence[str]]


class DNSServer:
    """The server, in a thread of this process."""

    def __init__(self, names: Mapping[str, Rounds | str]) -> None:
        self._names = names
        self._asked: Counter[tuple[str, int]] = Counter()
        self._held_back: list[tuple[bytes, Any]] = []
        self._is_silent = True
        self._turn = threading.Lock()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._socket.getsockname()
        self._thread = threading.Thread(target=self._serve, name="dns-server", daemon=True)

    def __enter__(self) -> DNSServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.address)
        self._thread.join(PATIENCE)
        self._socket.close()

    def asked(self, name: str) -> int:
        """How often the addresses of `name` were asked for."""
        return self._asked[name, _A]

    def lookup(self, host: str) -> list[str]:
        """All addresses of `host`, fresh from the server; `socket.gaierror` as `socket.getaddrinfo` raises it."""
        return [address for kind in (_A, _AAAA) for address in self._ask(host, kind)]

    def speak(self) -> None:
        """Answer all questions that were held back, and later ones at once."""
        with self._turn:
            self._is_silent = False
            for answer, client in self._held_back:
                self._socket.sendto(answer, client)
            self._held_back.clear()

    # The server

    def _serve(self) -> None:
        while True:
            question, client = self._socket.recvfrom(512)
            if not question:
                return
            name, end = _name(question, _HEAD.size)
            answer = self._answer(question, name, end)
            with self._turn:
                if self._is_silent and self._names.get(name) == SILENT:
                    self._held_back.append((answer, client))
                else:
                    self._socket.sendto(answer, client)

    def _answer(self, question: bytes, name: str, end: int) -> bytes:
        kind, _ = struct.unpack_from("!HH", question, end)
        number = self._asked[name, kind]
        self._asked[name, kind] += 1
        rounds = self._names.get(name)
        rounds = None if rounds == SILENT else rounds
        addresses = rounds[min(number, len(rounds) - 1)] if rounds else ()
        version = {_A: 4, _AAAA: 6}.get(kind)
        packed = [ip.packed for ip in map(ipaddress.ip_address, addresses) if ip.version == version]
        code = 0 if rounds else _NXDOMAIN if rounds is None else _SERVFAIL
        head = _HEAD.pack(int.from_bytes(question[:2]), 0x8180 | code, 1, len(packed), 0, 0)
        records = b"".join(
            _RECORD.pack(_POINTER_TO_QUESTION, kind, _IN, 0, len(data)) + data for data in packed
        )
        return head + question[_HEAD.size : end + 4] + records

    # The client

    def _ask(self, host: str, kind: int) -> list[str]:
        number = secrets.randbits(16)
        labels = b"".join(bytes([len(label)]) + label for label in host.encode("ascii").split(b"."))
        question = _HEAD.pack(number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, _IN)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(PATIENCE)
            asking.sendto(question, self.address)
            answer = asking.recv(4096)
        _, flags, _, count, _, _ = _HEAD.unpack_from(answer)
        if flags & 0xF:
            code = socket.EAI_NONAME if flags & 0xF == _NXDOMAIN else socket.EAI_FAIL
            raise socket.gaierror(code, "the name server says no")
        return _addresses(answer, len(question), count)


def _name(message: bytes, start: int) -> tuple[str, int]:
    """The name at `start`, and where it ends."""
    labels = []
    while length := message[start]:
        labels.append(message[start + 1 : start + 1 + length].decode("ascii"))
        start += 1 + length
    return ".".join(labels), start + 1


def _addresses(answer: bytes, start: int, count: int) -> list[str]:
    found = []
    for _ in range(count):
        *_, size = _RECORD.unpack_from(answer, start)
        start += _RECORD.size
        found.append(str(ipaddress.ip_address(answer[start : start + size])))
        start += size
    return found
