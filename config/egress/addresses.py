"""Which IP addresses are public, which an operator may open, and which stay shut.

Source: IANA IPv4 and IPv6 Special-Purpose Address Registries
(iana.org/assignments/iana-ipv4-special-registry, iana.org/assignments/iana-ipv6-special-registry); the standard
library's `is_global` differs between Python's patch releases, so the tables stand here.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


#: What a setting may open: networks of the house, and 198.18.0.0/15, which proxies with "fake IP" (Clash, sing-box)
#: answer for every name on the machines of some of our users.
OPENABLE = _networks(
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
    "100.64.0.0/10",  # carriers' NAT and overlay networks, RFC 6598
    *("127.0.0.0/8", "::1/128"),  # this machine
    "fc00::/7",  # unique local, RFC 4193
    "198.18.0.0/15",  # benchmarks, RFC 2544
)

_NOT_PUBLIC_V4 = _networks(
    "0.0.0.0/8",  # "this network"; Linux takes 0.0.0.0 for itself
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",  # link-local
    "192.0.0.0/24",  # protocol assignments
    *("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"),  # documentation
    "192.88.99.0/24",  # 6to4 relays, RFC 7526
    "198.18.0.0/15",
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, broadcast
)
#: Global unicast; whatever IPv6 has elsewhere (::1, ::ffff:0:0/96, fc00::/7, fe80::/10, ff00::/8 …) is not public.
_GLOBAL_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = _networks(
    "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
    *("2001:db8::/32", "3fff::/20"),  # documentation
    "2002::/16",  # 6to4: an IPv4 address is embedded, and a relay leads there
)
#: RFC 6052: what DNS64 answers for hosts that have IPv4 only. Judged as the IPv4 address it stands for.
_NAT64 = IPv6Network("64:ff9b::/96")

#: Where clouds give credentials to whoever asks. Refused whatever a setting opens.
_METADATA = _networks(
    "169.254.0.0/16",  # nearly all; also AWS ECS 169.254.170.2, EKS 169.254.170.23, Tencent 169.254.0.23
    "fd00:ec2::/32",  # AWS: metadata ::254, pod identity ::23
    "fd20:ce::/32",  # Google: metadata ::254
    "fd00:42::42/128",  # Scaleway
    "100.100.100.200/32",  # Alibaba
    "192.0.0.192/32",  # Oracle, classic
    "168.63.129.16/32",  # Azure's host agent, on a public address
)
_METADATA_NAMES = (
    *("metadata", "metadata.google.internal", "metadata.goog"),
    *("instance-data", "instance-data.ec2.internal"),
    "metadata.azure.internal",
    "metadata.tencentyun.com",
    "metadata.platformequinix.com",
    "metadata.packet.net",
)
#: Names that lead into the house: RFC 6761, RFC 6762, RFC 8375, ICANN's reserved .internal.
_HOUSE_NAMES = ("localhost", "local", "internal", "home.arpa")


def is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def is_metadata(address: Address) -> bool:
    """Whether a cloud's metadata service, or what stands in for one, may answer there."""
    return is_in(_meant(address), _METADATA)


def is_public(address: Address) -> bool:
    """Whether anybody on the internet may own it. An address that embeds another is judged by what it means."""
    meant = _meant(address)
    if isinstance(meant, IPv4Address):
        return not is_in(meant, _NOT_PUBLIC_V4)
    return meant.scope_id is None and meant in _GLOBAL_V6 and not is_in(meant, _NOT_PUBLIC_V6)


def is_metadata_name(host: str) -> bool:
    return _is_at_or_below(host, _METADATA_NAMES)


def is_house_name(host: str) -> bool:
    """Whether only a network of the house can know the name."""
    return "." not in host or _is_at_or_below(host, _HOUSE_NAMES)


def _is_at_or_below(host: str, names: Iterable[str]) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in names)


def _meant(address: Address) -> Address:
    if isinstance(address, IPv6Address) and address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
