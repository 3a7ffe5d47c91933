"""Where a host name leads: every address it has must be allowed, under the settings of the moment."""

import ipaddress
import socket
import threading

import pytest
from pytest_django import Settings

from config.egress.addresses import is_public
from config.egress.errors import EgressRefusedError, EgressTimeoutError, EgressUnreachableError, Reason
from config.egress.resolution import resolve
from config.egress.urls import check_url
from tests.support.dns_server import SILENT, DNSServer
from tests.support.patience import PATIENCE

URL = "https://api.example.com/v1"
HOST = "api.example.com"
PUBLIC, PUBLIC_V6 = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


def addresses_of(*found: str, url: str = URL) -> tuple[str, ...]:
    """What a connection may be made to when the host has these addresses."""
    return resolve(check_url(url), lookup=lambda host: found).addresses


# -- one address ---------------------------------------------------------------------------------------------------


def test_what_the_standard_library_calls_private_is_not_public() -> None:
    """Its lists, in any patch release, are a subset of ours."""
    v4, v6 = ipaddress._IPv4Constants, ipaddress._IPv6Constants  # type: ignore[attr-defined]
    networks = [*v4._private_networks, v4._public_network, v4._multicast_network, v4._linklocal_network]
    networks += [*v6._private_networks, *v6._reserved_networks, v6._multicast_network, v6._sitelocal_network]
    assert len(networks) > 30
    for network in networks:
        assert not is_public(network[0]), network
        assert not is_public(network[-1]), network


@pytest.mark.parametrize(
    "edge",
    [
        *("1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"),
        *("128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0"),
        *("192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255"),
        *("2000::", "2001:200::", "2001:db7:ffff::", "2001:db9::", "2003::", "3ffe:ffff::", "3fff:1000::"),
    ],
)
def test_neighbours_of_closed_networks_are_public(edge: str) -> None:
    assert is_public(ipaddress.ip_address(edge))


def test_an_address_with_a_zone_is_not_public() -> None:
    assert not is_public(ipaddress.ip_address(f"{PUBLIC_V6}%eth0"))


# -- all addresses of a name ---------------------------------------------------------------------------------------


def test_public_addresses_are_pinned_in_their_order() -> None:
    assert addresses_of(PUBLIC_V6, PUBLIC, PUBLIC) == (PUBLIC_V6, PUBLIC)


@pytest.mark.parametrize(
    "found",
    [
        ("127.0.0.1",),
        (PUBLIC, "10.0.0.1"),
        ("10.0.0.1", PUBLIC),
        (PUBLIC, "::1"),
        (PUBLIC, PUBLIC_V6, "fd00::1"),
        (PUBLIC, "::ffff:127.0.0.1"),
        (PUBLIC, "2002:a00:1::"),
        (PUBLIC, "64:ff9b::10.0.0.1"),
        (PUBLIC, "fe80::1%eth0"),
        (PUBLIC, "169.254.169.254"),
        (PUBLIC, "0.0.0.0"),
        (PUBLIC, "not an address"),
        (),
    ],
    ids=lambda found: "+".join(found) or "none",
)
def test_one_wrong_address_refuses_the_name(found: tuple[str, ...]) -> None:
    with pytest.raises(EgressRefusedError) as caught:
        addresses_of(*found)
    assert caught.value.reason is Reason.ADDRESS


def test_opened_networks_may_be_reached_by_name(settings: Settings) -> None:
    settings.EGRESS_ALLOW_PRIVATE = ["10.1.0.0/16"]
    assert addresses_of("10.1.2.3", PUBLIC) == ("10.1.2.3", PUBLIC)
    with pytest.raises(EgressRefusedError):
        addresses_of("10.1.2.3", "10.2.0.1")


def test_http_reaches_opened_networks_only(settings: Settings) -> None:
    settings.EGRESS_ALLOW_PRIVATE = ["10.1.0.0/16"]
    assert addresses_of("10.1.2.3", url="http://gpu/v1") == ("10.1.2.3",)
    with pytest.raises(EgressRefusedError):
        addresses_of("10.1.2.3", PUBLIC, url="http://gpu/v1")
    settings.EGRESS_ALLOW_HTTP = True
    assert addresses_of("10.1.2.3", PUBLIC, url="http://gpu/v1") == ("10.1.2.3", PUBLIC)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16"]
)
def test_metadata_services_hide_behind_no_name_even_in_opened_networks(
    address: str, settings: Settings
) -> None:
    settings.EGRESS_ALLOW_PRIVATE = ["100.64.0.0/10", "fc00::/7"]
    with pytest.raises(EgressRefusedError):
        addresses_of(address)


def test_what_was_saved_is_judged_by_the_settings_of_today(settings: Settings) -> None:
    settings.EGRESS_ALLOW_PRIVATE = ["192.168.1.5"]
    saved = check_url("http://192.168.1.5:11434/v1")
    assert resolve(saved).addresses == ("192.168.1.5",)
    settings.EGRESS_ALLOW_PRIVATE = []
    with pytest.raises(EgressRefusedError):
        resolve(saved)


def test_the_address_is_not_shown() -> None:
    assert PUBLIC not in repr(resolve(check_url(URL), lookup=lambda host: [PUBLIC]))


# -- name servers --------------------------------------------------------------------------------------------------


def test_ipv4_and_ipv6_are_both_asked_for() -> None:
    with DNSServer({HOST: [[PUBLIC, PUBLIC_V6]]}) as dns:
        assert resolve(check_url(URL), lookup=dns.lookup).addresses == (PUBLIC, PUBLIC_V6)


def test_a_private_ipv6_address_beside_a_public_ipv4_address_is_found() -> None:
    with DNSServer({HOST: [[PUBLIC, "fd00::1"]]}) as dns, pytest.raises(EgressRefusedError):
        resolve(check_url(URL), lookup=dns.lookup)


def test_a_name_without_an_address_reads_like_a_forbidden_one() -> None:
    """Nobody can find out by our answers which internal names there are."""
    with DNSServer({"there.example.com": [["10.0.0.1"]]}) as dns:
        failures = []
        for host in ("there", "gone"):
            with pytest.raises(EgressRefusedError) as caught:
                resolve(check_url(f"https://{host}.example.com/"), lookup=dns.lookup)
            failures.append((caught.value.code, caught.value.details, str(caught.value)))
    assert failures[0] == failures[1]


def test_a_name_server_that_fails_may_be_asked_later() -> None:
    with DNSServer({HOST: []}) as dns, pytest.raises(EgressUnreachableError) as caught:
        resolve(check_url(URL), lookup=dns.lookup)
    assert caught.value.retryable


def test_a_silent_name_server_is_not_waited_for() -> None:
    released = threading.Event()
    with DNSServer({HOST: SILENT}) as dns:

        def lookup(host: str) -> list[str]:
            try:
                return dns.lookup(host)
            finally:
                released.set()

        with pytest.raises(EgressTimeoutError):
            resolve(check_url(URL), within_s=0.05, lookup=lookup)
        assert not released.is_set()
        dns.speak()
        assert released.wait(PATIENCE)


def test_the_system_is_asked_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def getaddrinfo(host: str, port: None, **options: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (PUBLIC_V6, 0, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (PUBLIC, 0)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert resolve(check_url("https://例子.中国/")).addresses == (PUBLIC_V6, PUBLIC)
    assert asked == ["xn--fsqu00a.xn--fiqs8s"]
