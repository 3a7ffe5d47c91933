"""Calls over real sockets: the checked address is the one that is called, and nothing else can be made of it."""

import gzip
import socket
import threading
import traceback
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pytest_django import Settings

from config.egress.calls import EgressResponse, guarded_transport, request
from config.egress.errors import (
    EgressError,
    EgressRefusedError,
    EgressTimeoutError,
    EgressTooLargeError,
    EgressUnreachableError,
    Reason,
)
from config.egress.limits import Limits
from tests.support.closed_port import closed_port
from tests.support.dns_server import DNSServer
from tests.support.patience import PATIENCE
from tests.support.raw_http import RawServer, Talk, ok

HOST = "api.example.com"
SECRET = "GEHEIM-机密-🔑"
#: Enough for anything on loopback, and little enough to notice that a cap is missing.
SHORT = Limits(connect_s=5, total_s=0.3, max_bytes=100_000)


@pytest.fixture(autouse=True)
def _loopback_is_open(settings: Settings) -> None:
    """This one address of the machine; all others stay shut."""
    settings.EGRESS_ALLOW_PRIVATE = ["127.0.0.1"]


def answering(data: bytes) -> RawServer:
    return RawServer(lambda talk: talk.send(data))


def get(server: RawServer, path: str = "/", **options: Any) -> EgressResponse:
    options.setdefault("lookup", lambda host: ["127.0.0.1"])
    return request("GET", f"http://{HOST}:{server.port}{path}", **options)


def failure_of(call: Callable[[], object]) -> EgressError:
    with pytest.raises(EgressError) as caught:
        call()
    return caught.value


# -- an ordinary call ----------------------------------------------------------------------------------------------


def test_a_call_brings_status_headers_and_content() -> None:
    with answering(ok("你好 🌏".encode(), "X-Kind: test", status="201 Created")) as server:
        answer = request(
            "POST",
            f"http://{HOST}:{server.port}/钩子?名=值",
            headers={"Authorization": "Bearer k"},
            content="正文".encode(),
            lookup=lambda host: ["127.0.0.1"],
        )
    assert (answer.status, answer.headers["x-kind"], answer.content.decode()) == (201, "test", "你好 🌏")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /%E9%92%A9%E5%AD%90?%E5%90%8D=%E5%80%BC HTTP/1.1\r\n")
    lines = head.split(b"\r\n")
    assert f"Host: {HOST}:{server.port}".encode() in lines
    assert {b"Authorization: Bearer k", b"User-Agent: Atelier", b"Accept-Encoding: identity"} <= set(lines)
    assert body.decode() == "正文"


def test_addresses_may_be_literal(settings: Settings) -> None:
    settings.EGRESS_ALLOW_PRIVATE = ["127.0.0.1", "::1"]
    with answering(ok(b"4")) as v4, RawServer(lambda talk: talk.send(ok(b"6")), host="::1") as v6:
        assert request("GET", f"http://127.0.0.1:{v4.port}/").content == b"4"
        assert request("GET", f"http://[::1]:{v6.port}/").content == b"6"
    assert f"Host: [::1]:{v6.port}".encode() in v6.requests[0]


def test_the_next_address_is_tried_when_one_is_down(settings: Settings) -> None:
    settings.EGRESS_ALLOW_PRIVATE = ["127.0.0.1", "::1"]
    with answering(ok(b"here")) as server:
        assert get(server, lookup=lambda host: ["::1", "127.0.0.1"]).content == b"here"


def test_the_host_header_cannot_be_chosen() -> None:
    with answering(ok(b"")) as server:
        get(server, headers={"Host": "internal.corp", "hOST": "other", "accept-encoding": "gzip"})
    head = server.requests[0].lower()
    assert head.count(b"\r\nhost:") == 1
    assert b"internal.corp" not in head
    assert b"gzip" not in head


@pytest.mark.parametrize(
    "headers", [{"X-Key": "a\r\nX-More: b"}, {"X-Key\r\n": "a"}, {"X-Key": "密钥"}, {"X-Key": "a\0b"}]
)
def test_headers_that_smuggle_are_refused_without_repeating_them(headers: dict[str, str]) -> None:
    with answering(ok(b"")) as server:
        error = failure_of(lambda: get(server, headers=headers))
    assert isinstance(error, EgressRefusedError)
    assert error.reason is Reason.HEADERS
    assert server.requests == []


# -- rebinding -----------------------------------------------------------------------------------------------------


def test_the_second_answer_of_a_rebinding_name_server_is_never_used(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """First the address that may be called, ever after the one that may not: only the first is asked for, once."""
    asked_by_name = watch_system_lookups(monkeypatch)
    with (
        answering(ok(b"outside")) as outside,
        RawServer(lambda talk: talk.send(ok(b"inside")), host="127.0.0.2", port=outside.port) as inside,
        DNSServer({HOST: [["127.0.0.1"], ["127.0.0.2"]]}) as dns,
    ):
        assert get(outside, lookup=dns.lookup).content == b"outside"
        assert dns.asked(HOST) == 1
        assert isinstance(failure_of(lambda: get(outside, lookup=dns.lookup)), EgressRefusedError)
        assert dns.asked(HOST) == 2
    assert (outside.connections, inside.connections) == (1, 0)
    assert HOST not in asked_by_name


def test_each_new_connection_is_checked_and_a_kept_one_stays_where_it_is() -> None:
    import httpx2

    with (
        answering(ok(b"outside")) as server,
        DNSServer({HOST: [["127.0.0.1"], ["127.0.0.1"], ["127.0.0.1", "10.0.0.1"]]}) as dns,
    ):
        url = f"http://{HOST}:{server.port}/"
        with httpx2.Client(transport=guarded_transport(url, lookup=dns.lookup)) as client:
            assert [client.get(url).text for _ in range(3)] == ["outside"] * 3
            assert (server.connections, dns.asked(HOST)) == (1, 1)
            assert client.get(url, headers={"Connection": "close"}).text == "outside"
            assert client.get(url, headers={"Connection": "close"}).text == "outside"
            assert (server.connections, dns.asked(HOST)) == (2, 2)
            with pytest.raises(httpx2.ConnectError) as caught:
                client.get(url)
        assert EgressRefusedError.behind(caught.value)
        assert server.connections == 2


def watch_system_lookups(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the system is asked to look up from here on (addresses as texts need no look-up, but pass it too)."""
    seen: list[object] = []
    original = socket.getaddrinfo

    def getaddrinfo(host: object, *args: Any, **options: Any) -> Any:
        seen.append(host)
        return original(host, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return seen


@pytest.mark.parametrize(
    "found", [["127.0.0.1", "127.0.0.2"], ["10.0.0.1", "127.0.0.1"], ["127.0.0.1", "::1"]]
)
def test_a_name_that_also_leads_elsewhere_is_not_called(found: list[str]) -> None:
    with answering(ok(b"")) as server, DNSServer({HOST: [found]}) as dns:
        error = failure_of(lambda: get(server, lookup=dns.lookup))
    assert isinstance(error, EgressRefusedError)
    assert server.connections == 0


def test_a_public_address_of_this_machine_is_refused_before_anything_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Such an address is on one of our interfaces: what listens here is behind no firewall for us."""
    import httpcore2

    own = "93.184.215.14"
    closed: list[bool] = []

    class Stream(httpcore2.NetworkStream):
        def get_extra_info(self, info: str) -> Any:
            return {"client_addr": (own, 40000), "server_addr": (own, 443)}.get(info)

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            pytest.fail("something was said")

        def close(self) -> None:
            closed.append(True)

    monkeypatch.setattr(httpcore2.SyncBackend, "connect_tcp", lambda *args, **options: Stream())
    error = failure_of(lambda: request("GET", f"https://{HOST}/", lookup=lambda host: [own]))
    assert isinstance(error, EgressRefusedError)
    assert closed == [True]


# -- redirects, proxies --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"])
def test_redirects_are_not_followed(status: str) -> None:
    with answering(ok(b"inside")) as inside:
        location = f"Location: http://127.0.0.1:{inside.port}/"
        with answering(ok(b"", location, status=status)) as outside:
            answer = get(outside)
    assert answer.status == int(status[:3])
    assert inside.connections == 0


def test_a_client_that_follows_redirects_stays_with_the_checked_origin() -> None:
    import httpx2

    with answering(ok(b"inside")) as inside:
        location = f"Location: http://127.0.0.1:{inside.port}/"
        with answering(ok(b"", location, status="302 Found")) as outside:
            url = f"http://{HOST}:{outside.port}/"
            transport = guarded_transport(url, lookup=lambda host: ["127.0.0.1"])
            with (
                httpx2.Client(transport=transport, follow_redirects=True) as client,
                pytest.raises(httpx2.ConnectError) as caught,
            ):
                client.get(url)
    refused = EgressRefusedError.behind(caught.value)
    assert refused is not None
    assert refused.reason is Reason.ORIGIN
    assert inside.connections == 0


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    import httpx2

    with answering(ok(b"proxy")) as proxy, answering(ok(b"direct")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"{scheme}://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert get(server).content == b"direct"
        url = f"http://{HOST}:{server.port}/"
        transport = guarded_transport(url, lookup=lambda host: ["127.0.0.1"])
        with httpx2.Client(transport=transport, trust_env=True) as client:
            assert client.get(url).text == "direct"
    assert proxy.connections == 0


# -- time ----------------------------------------------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


def silent(talk: Talk) -> None:
    talk.stopping.wait(PATIENCE)


def drip_head(talk: Talk) -> None:
    talk.drip(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: a\r\n" * 1000, pause=0.02)


def drip_informational(talk: Talk) -> None:
    talk.drip(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000, pause=0.01)


def drip_body(talk: Talk) -> None:
    talk.send(HEAD)
    talk.drip(b"a" * 100_000, pause=0.02)


def drip_chunks(talk: Talk) -> None:
    talk.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    talk.drip(b"1\r\na\r\n" * 10_000, pause=0.01)


@pytest.mark.parametrize("answer", [silent, drip_head, drip_informational, drip_body, drip_chunks])
def test_an_answer_has_to_be_complete_in_time(answer: Callable[[Talk], None]) -> None:
    with RawServer(answer) as server:
        error = failure_of(lambda: get(server, limits=SHORT))
    assert isinstance(error, EgressTimeoutError)
    assert error.retryable


def test_a_server_that_does_not_read_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://{HOST}:{listener.getsockname()[1]}/"
        error = failure_of(
            lambda: request(
                "POST", url, content=b"a" * 20_000_000, limits=SHORT, lookup=lambda host: ["127.0.0.1"]
            )
        )
    assert isinstance(error, EgressTimeoutError)


def test_a_server_that_reads_a_little_now_and_then_is_not_waited_for() -> None:
    def read_slowly() -> None:
        connection, _ = listener.accept()
        with connection:
            while connection.recv(1_000) and not over.wait(0.05):
                pass

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        reader = threading.Thread(target=read_slowly, daemon=True)
        reader.start()
        url = f"http://{HOST}:{listener.getsockname()[1]}/"
        error = failure_of(
            lambda: request(
                "POST", url, content=bytes(60_000_000), limits=SHORT, lookup=lambda host: ["127.0.0.1"]
            )
        )
        over.set()
        reader.join(PATIENCE)
    assert isinstance(error, EgressTimeoutError)


def test_an_address_that_swallows_packets_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    import httpcore2

    waits = []

    def connect_tcp(self: object, host: str, port: int, timeout: float, *options: object) -> Any:
        waits.append((host, timeout))
        raise httpcore2.ConnectTimeout

    monkeypatch.setattr(httpcore2.SyncBackend, "connect_tcp", connect_tcp)
    found = ["93.184.215.14", "93.184.215.15"]
    error = failure_of(
        lambda: request("GET", f"https://{HOST}/", limits=Limits(connect_s=4), lookup=lambda host: found)
    )
    assert isinstance(error, EgressTimeoutError)
    (first, first_wait), (second, _) = waits
    assert [first, second] == found
    assert first_wait <= 2


def test_a_server_that_never_shakes_hands_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://{HOST}:{listener.getsockname()[1]}/"
        error = failure_of(lambda: request("GET", url, limits=SHORT, lookup=lambda host: ["127.0.0.1"]))
    assert isinstance(error, EgressTimeoutError)


def test_a_slow_name_server_counts_as_connecting() -> None:
    with DNSServer({HOST: "silent"}) as dns:
        limits = Limits(connect_s=0.05, total_s=60)
        error = failure_of(lambda: request("GET", f"https://{HOST}/", limits=limits, lookup=dns.lookup))
        dns.speak()
    assert isinstance(error, EgressTimeoutError)


# -- size ----------------------------------------------------------------------------------------------------------


def endless(talk: Talk) -> None:
    talk.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while not talk.stopping.is_set():
        talk.send(b"a" * 65536)


def test_an_endless_answer_is_cut_at_the_cap() -> None:
    with RawServer(endless) as server:
        error = failure_of(lambda: get(server, limits=Limits(max_bytes=300_000)))
    assert isinstance(error, EgressTooLargeError)
    assert "300000" in error.message("en")
    assert "300000" in error.message("zh")


def test_an_answer_as_large_as_the_cap_is_whole() -> None:
    with answering(ok(b"a" * 5000)) as server:
        assert len(get(server, limits=Limits(max_bytes=5000)).content) == 5000
        assert isinstance(failure_of(lambda: get(server, limits=Limits(max_bytes=4999))), EgressTooLargeError)


def test_endless_headers_are_cut() -> None:
    def answer(talk: Talk) -> None:
        talk.send(b"HTTP/1.1 200 OK\r\n")
        while not talk.stopping.is_set():
            talk.send(b"X-Filler: " + b"a" * 65536 + b"\r\n")

    with RawServer(answer) as server:
        assert isinstance(failure_of(lambda: get(server)), EgressUnreachableError)


PACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress}


@pytest.mark.parametrize("encoding", PACKERS)
def test_packed_answers_are_unpacked(encoding: str) -> None:
    packed = PACKERS[encoding]("解压 🎁".encode())
    with answering(ok(packed, f"Content-Encoding: {encoding}")) as server:
        answer = get(server)
    assert answer.content.decode() == "解压 🎁"
    assert "content-encoding" not in answer.headers
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_bomb_is_not_unpacked_beyond_the_cap(encoding: str) -> None:
    """50 MB in 50 kB: it ends at the cap, which one step of unpacking may pass by a megabyte."""
    packed = PACKERS[encoding](bytes(50_000_000))
    assert len(packed) < 60_000
    with answering(ok(packed, f"Content-Encoding: {encoding}")) as server:
        assert isinstance(
            failure_of(lambda: get(server, limits=Limits(max_bytes=100_000))), EgressTooLargeError
        )


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip, br", "x-unknown"])
def test_other_encodings_are_not_unpacked(encoding: str) -> None:
    with answering(ok(gzip.compress(gzip.compress(b"x")), f"Content-Encoding: {encoding}")) as server:
        assert isinstance(failure_of(lambda: get(server)), EgressUnreachableError)


# -- failures that say nothing -------------------------------------------------------------------------------------


def garbage(talk: Talk) -> None:
    talk.send(f"{SECRET} is no HTTP\r\n\r\n".encode())
    talk.connection.shutdown(socket.SHUT_WR)


def bad_header(talk: Talk) -> None:
    talk.send(f"HTTP/1.1 200 OK\r\n{SECRET}\r\n\r\n".encode())


def bad_length(talk: Talk) -> None:
    talk.send(f"HTTP/1.1 200 OK\r\nContent-Length: {SECRET}\r\n\r\n".encode())


def cut(talk: Talk) -> None:
    talk.send(HEAD + SECRET.encode())
    talk.connection.shutdown(socket.SHUT_RDWR)


def bad_chunk(talk: Talk) -> None:
    talk.send(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{SECRET}\r\n".encode())


def bad_gzip(talk: Talk) -> None:
    talk.send(ok(SECRET.encode(), "Content-Encoding: gzip"))


def hang_up(talk: Talk) -> None:
    talk.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("answer", [garbage, bad_header, bad_length, cut, bad_chunk, bad_gzip, hang_up])
def test_broken_answers_are_not_quoted(answer: Callable[[Talk], None]) -> None:
    with RawServer(answer) as server:
        error = failure_of(lambda: get(server, headers={"Authorization": f"Bearer {SECRET!a}"}))
        assert isinstance(error, EgressUnreachableError)
        says_nothing(error)
        says_nothing(failure_of_client(server))


def failure_of_client(server: RawServer) -> BaseException:
    """What an SDK sees."""
    import httpx2

    url = f"http://{HOST}:{server.port}/"
    transport = guarded_transport(url, lookup=lambda host: ["127.0.0.1"])
    with httpx2.Client(transport=transport) as client, pytest.raises(httpx2.RequestError) as caught:
        client.get(url)
    return caught.value


def test_a_closed_port_and_a_refused_address_are_not_told() -> None:
    port = closed_port()
    for found, expected in ((["127.0.0.1"], EgressUnreachableError), (["10.66.0.66"], EgressRefusedError)):

        def lookup(host: str, found: Sequence[str] = found) -> Sequence[str]:
            return found

        error = failure_of(lambda lookup=lookup: request("GET", f"http://{HOST}:{port}/", lookup=lookup))
        assert isinstance(error, expected)
        says_nothing(error)


def test_large_and_late_answers_are_not_quoted() -> None:
    with answering(ok(SECRET.encode() * 100)) as server:
        says_nothing(failure_of(lambda: get(server, limits=Limits(max_bytes=10))))

    def answer(talk: Talk) -> None:
        talk.send(HEAD + SECRET.encode())
        talk.stopping.wait(PATIENCE)

    with RawServer(answer) as server:
        says_nothing(failure_of(lambda: get(server, limits=SHORT)))


def says_nothing(error: BaseException) -> None:
    """Neither in its sentences nor in what a log prints of it and of everything behind it."""
    told = [repr(error), *traceback.format_exception(error)]
    if isinstance(error, EgressError):
        told += [error.message("en"), error.message("zh"), repr(error.details)]
    text = "".join(told)
    for hidden in (SECRET, "GEHEIM", "\\xe6\\x9c\\xba", "127.0.0.1", "10.66.0.66", "Errno"):
        assert hidden not in text, hidden
