"""Reads a URL that a user typed: one spelling per address, anything ambiguous is refused.

Attacks on such guards live from two readers that understand one text differently. So nothing is repaired here:
what is not spelled plainly is refused, and everybody else gets the canonical text and the parts that were checked.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from string import ascii_lowercase, ascii_uppercase
from urllib.parse import quote

from config.egress.addresses import Address, is_house_name, is_metadata_name
from config.egress.errors import EgressRefusedError, Reason
from config.egress.policy import Policy

MAX_LENGTH = 2048
MAX_NAME = 253
DEFAULT_PORTS = {"https": 443, "http": 80}
FIRST_FREE_PORT = 1024
#: Services at 1024 and above that no user means when he names a web address. The first group is the Fetch standard's
#: list of bad ports (fetch.spec.whatwg.org/#bad-port), the others hold data or run commands, many without a password.
REFUSED_PORTS = frozenset(
    {
        *(1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6679, 6697, 10080),
        *range(6665, 6670),
        *(1433, 1521, 3306, 5432, 5433, 6432, 9042, 26257, 28015, *range(27017, 27020)),  # databases
        *(6379, 6380, 6390, 16379, 26379, 11211),  # Redis, Valkey (6390 is ours), memcached
        *(1883, 4222, 4369, 5671, 5672, 8883, 9092, 15672, 25672, 61616),  # brokers
        *(2181, 2379, 2380, 4001, 8300, 8301, 8302, 8500),  # ZooKeeper, etcd, Consul
        *(2375, 2376, 4243, 10250, 10255, 10256),  # Docker, kubelet
        *(9200, 9300, 5601),  # Elasticsearch
        *(3389, 5900, 5901, 5985, 5986),  # remote desktops, WinRM
    }
)

_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>.*))?")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
#: How the URL standard decides that a host is meant as IPv4, 0x7f.1 and 2130706433 included
#: (url.spec.whatwg.org/#ends-in-a-number-checker).
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_URL_CHARACTERS = "%/:?#[]@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True)
class CheckedUrl:
    """A URL whose text was found harmless. `host` is ASCII, lower case, without brackets; `url` is canonical.

    Where its host leads is checked anew for each connection. Paths may hold secrets, so `repr` shows none.
    """

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)
    address: Address | None = field(repr=False)
    """The host as an address where the URL names no host but an address."""

    @property
    def netloc(self) -> str:
        """Value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.target}"

    def __str__(self) -> str:
        return self.url


def check_url(url: str) -> CheckedUrl:
    """What `url` says, if all of it may be called; no name is looked up. Raises `EgressRefusedError`."""
    if len(url) > MAX_LENGTH or any(_is_hidden(character) for character in url):
        raise EgressRefusedError(Reason.SPELLING)
    scheme, _, rest = url.partition(":")
    scheme = scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise EgressRefusedError(Reason.SCHEME)
    if not rest.startswith("//"):
        raise EgressRefusedError(Reason.SPELLING)
    authority, target = _split(rest[2:])
    host, port = _host_and_port(authority, scheme)
    address = _literal(host)
    name = _name(host) if address is None else str(address)
    _check_destination(scheme, name, address, Policy.current())
    return CheckedUrl(scheme, name, port, target, address)


def _is_hidden(character: str) -> bool:
    """Blanks, line ends, controls and halves of surrogate pairs, and the backslash some readers take for a slash."""
    return character == "\\" or unicodedata.category(character) in ("Cc", "Cs", "Zs", "Zl", "Zp")


def _split(rest: str) -> tuple[str, str]:
    """Authority, and path with query in ASCII; a fragment is never sent to a server."""
    rest = rest.partition("#")[0]
    authority = rest.partition("/")[0].partition("?")[0]
    target = quote(rest.removeprefix(authority), safe=_URL_CHARACTERS)
    return authority, target if target.startswith("/") else f"/{target}"


def _host_and_port(authority: str, scheme: str) -> tuple[str, int]:
    if "@" in authority:
        raise EgressRefusedError(Reason.CREDENTIALS)
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise EgressRefusedError(Reason.HOST)
    port = DEFAULT_PORTS[scheme]
    if parts["port"] is not None:
        if not _PORT.fullmatch(parts["port"]):
            raise EgressRefusedError(Reason.PORT)
        port = int(parts["port"])
    if not _is_usual(port):
        raise EgressRefusedError(Reason.PORT)
    return parts["host"], port


def _is_usual(port: int) -> bool:
    if port < FIRST_FREE_PORT:
        return port in DEFAULT_PORTS.values()
    return port <= 65535 and port not in REFUSED_PORTS


def _literal(host: str) -> Address | None:
    """The address that `host` spells; None for a name. Of an address, only the usual spelling is read."""
    try:
        if host.startswith("["):
            return IPv6Address("" if "%" in host else host[1:-1])
        if _NUMBER.fullmatch(host.lower().rpartition(".")[2]):
            return IPv4Address(host)
    except ValueError:
        raise EgressRefusedError(Reason.HOST) from None
    return None


def _name(host: str) -> str:
    """A host name in ASCII; Chinese ones become punycode (IDNA 2008, without mapping look-alikes onto letters)."""
    import idna

    # Not lower(): it makes an ASCII k of the Kelvin sign.
    name = host.translate(_ASCII_LOWER)
    try:
        if not name.isascii():
            name = idna.encode(name, strict=True).decode("ascii")
        labels = name.split(".")
        for label in labels:
            if label.startswith("xn--"):
                idna.decode(label)
    except UnicodeError:
        raise EgressRefusedError(Reason.HOST) from None
    if len(name) > MAX_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise EgressRefusedError(Reason.HOST)
    return name


def _check_destination(scheme: str, host: str, address: Address | None, policy: Policy) -> None:
    if address is None:
        if is_metadata_name(host) or (is_house_name(host) and not policy.private):
            raise EgressRefusedError(Reason.HOST)
        if not (policy.private or policy.allows_scheme(scheme)):
            raise EgressRefusedError(Reason.SCHEME)
    elif not policy.allows(address, "https"):
        raise EgressRefusedError(Reason.ADDRESS)
    elif not policy.allows(address, scheme):
        raise EgressRefusedError(Reason.SCHEME)
