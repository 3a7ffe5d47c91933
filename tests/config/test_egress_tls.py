"""TLS is spoken with the name that was checked, although the connection was made to an address."""

import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_django import Settings

from config.egress.calls import request
from config.egress.errors import EgressUnreachableError
from config.egress.transport import tls_context
from tests.support.dns_server import DNSServer
from tests.support.raw_http import RawServer, ok

HOST = "api.example.com"


@dataclass
class Authority:
    """A CA of our own and the certificates it signs, as files."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def path(self) -> Path:
        return self.folder / "ca.pem"

    def server(self, *names: x509.GeneralName, valid_days: int = 1) -> ssl.SSLContext:
        """TLS for a server whose certificate holds `names`."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            certificate_for("server", key, self.certificate.subject, valid_days)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .sign(self.key, hashes.SHA256())
        )
        path = self.folder / "server.pem"
        path.write_bytes(pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def certificate_for(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Name | None, valid_days: int
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=10))
        .not_valid_after(now + dt.timedelta(days=valid_days))
    )


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        certificate_for("CA 测试", key, None, 1)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    made = Authority(tmp_path, key, certificate)
    made.path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return made


@pytest.fixture(autouse=True)
def _trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[None]:
    """The CA is added as operators add theirs; loopback is opened."""
    settings.EGRESS_ALLOW_PRIVATE = ["127.0.0.1"]
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    tls_context.cache_clear()
    yield
    tls_context.cache_clear()


def call(tls: ssl.SSLContext, host: str = HOST) -> tuple[bytes, list[bytes]]:
    with (
        RawServer(lambda talk: talk.send(ok(b"tls")), tls=tls) as server,
        DNSServer({host: [["127.0.0.1"]]}) as dns,
    ):
        answer = request("GET", f"https://{host}:{server.port}/", lookup=dns.lookup)
        return answer.content, server.requests


def test_the_name_is_sent_and_verified(authority: Authority) -> None:
    tls = authority.server(x509.DNSName(HOST))
    seen: list[str | None] = []
    tls.sni_callback = lambda connection, name, context: seen.append(name)
    content, requests = call(tls)
    assert content == b"tls"
    assert seen == [HOST]
    assert f"\r\nHost: {HOST}:".encode() in requests[0]


def test_chinese_names_are_verified_in_their_ascii_form(authority: Authority) -> None:
    ascii_name = "xn--fsqu00a.xn--fiqs8s"
    tls = authority.server(x509.DNSName(ascii_name))
    with (
        RawServer(lambda talk: talk.send(ok("例子".encode())), tls=tls) as server,
        DNSServer({ascii_name: [["127.0.0.1"]]}) as dns,
    ):
        answer = request("GET", f"https://例子.中国:{server.port}/", lookup=dns.lookup)
    assert answer.content.decode() == "例子"


@pytest.mark.parametrize(
    "name",
    [
        x509.DNSName("other.example.com"),
        x509.DNSName("*.api.example.com"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ],
    ids=["other-name", "wildcard-below", "the-address-itself"],
)
def test_a_certificate_for_something_else_is_refused(authority: Authority, name: x509.GeneralName) -> None:
    with pytest.raises(EgressUnreachableError):
        call(authority.server(name))


def test_an_expired_certificate_is_refused(authority: Authority) -> None:
    with pytest.raises(EgressUnreachableError):
        call(authority.server(x509.DNSName(HOST), valid_days=-1))


def test_an_unknown_authority_is_refused(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    tls_context.cache_clear()
    with pytest.raises(EgressUnreachableError):
        call(authority.server(x509.DNSName(HOST)))


def test_a_certificate_for_an_address_serves_that_address(authority: Authority) -> None:
    tls = authority.server(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    with RawServer(lambda talk: talk.send(ok(b"tls")), tls=tls) as server:
        assert request("GET", f"https://127.0.0.1:{server.port}/").content == b"tls"
