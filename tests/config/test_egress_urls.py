"""What a URL may say. The tables are the promise; nothing in them is ever looked up or connected to."""

from collections.abc import Sequence

import pytest
from pytest_django import Settings

from config.egress.calls import request
from config.egress.errors import EgressRefusedError, Reason
from config.egress.urls import CheckedUrl, check_url
from config.env import Env, EnvironmentProblem


def never(host: str) -> Sequence[str]:
    pytest.fail(f"{host} was looked up")


def refusal(url: str) -> Reason:
    """Why both doors refuse `url`: the one for saving and the one for calling."""
    with pytest.raises(EgressRefusedError) as saving:
        check_url(url)
    with pytest.raises(EgressRefusedError) as calling:
        request("GET", url, lookup=never)
    assert saving.value.code == calling.value.code == "EGRESS_REFUSED"
    assert saving.value.reason == calling.value.reason
    return saving.value.reason


ATTACKS = {
    # schemes
    "http": ("http://example.com/", Reason.SCHEME),
    "http-in-capitals": ("HTTP://example.com/", Reason.SCHEME),
    "http-to-an-address": ("http://93.184.215.14/", Reason.SCHEME),
    "file": ("file:///etc/passwd", Reason.SCHEME),
    "gopher": ("gopher://example.com:70/_QUIT", Reason.SCHEME),
    "ftp": ("ftp://example.com/", Reason.SCHEME),
    "javascript": ("javascript:alert(1)", Reason.SCHEME),
    "data": ("data:text/plain,hi", Reason.SCHEME),
    "unix": ("unix:///var/run/docker.sock", Reason.SCHEME),
    "jar-around-http": ("jar:https://example.com!/", Reason.SCHEME),
    "no-scheme": ("example.com/v1", Reason.SCHEME),
    "scheme-relative": ("//example.com/v1", Reason.SCHEME),
    "empty": ("", Reason.SCHEME),
    # spellings of the whole
    "one-slash": ("https:/example.com", Reason.SPELLING),
    "no-slash": ("https:example.com", Reason.SPELLING),
    "backslashes": ("https:\\\\example.com\\", Reason.SPELLING),
    "backslash-before-at": ("https://example.com\\@127.0.0.1/", Reason.SPELLING),
    "backslash-as-path": ("https://127.0.0.1\\.example.com/", Reason.SPELLING),
    "blank-in-front": (" https://example.com/", Reason.SPELLING),
    "tab-in-scheme": ("ht\ttps://127.0.0.1/", Reason.SPELLING),
    "tab-in-host": ("https://127.0.\t0.1/", Reason.SPELLING),
    "line-end-smuggles-a-header": ("https://example.com/\r\nHost: 127.0.0.1", Reason.SPELLING),
    "nul": ("https://example.com\0.127.0.0.1/", Reason.SPELLING),
    "ideographic-blank": ("https://example.com/　", Reason.SPELLING),
    "line-separator": ("https://example.com/\u2028", Reason.SPELLING),
    "half-a-surrogate-pair": ("https://example.com/\ud83d", Reason.SPELLING),
    "too-long": ("https://example.com/" + "a" * 2048, Reason.SPELLING),
    # credentials
    "user-and-password": ("https://user:secret@example.com/", Reason.CREDENTIALS),
    "host-looks-like-user": ("https://example.com@127.0.0.1/", Reason.CREDENTIALS),
    "host-looks-like-password": ("https://example.com:443@127.0.0.1/", Reason.CREDENTIALS),
    "two-ats": ("https://a@b@127.0.0.1/", Reason.CREDENTIALS),
    "empty-user": ("https://@127.0.0.1/", Reason.CREDENTIALS),
    # hosts
    "no-host": ("https:///v1", Reason.HOST),
    "three-slashes": ("https:///127.0.0.1/", Reason.HOST),
    "only-a-port": ("https://:443/", Reason.HOST),
    "localhost": ("https://localhost/", Reason.HOST),
    "localhost-in-capitals": ("https://LOCALHOST:8000/", Reason.HOST),
    "below-localhost": ("https://app.localhost/", Reason.HOST),
    "one-word": ("https://redis/", Reason.HOST),
    "internal": ("https://vault.corp.internal/", Reason.HOST),
    "mdns": ("https://printer.local/", Reason.HOST),
    "trailing-dot": ("https://example.com./", Reason.HOST),
    "localhost-with-trailing-dot": ("https://localhost./", Reason.HOST),
    "address-with-trailing-dot": ("https://127.0.0.1./", Reason.HOST),
    "empty-label": ("https://example..com/", Reason.HOST),
    "percent-encoded": ("https://%31%32%37.0.0.1/", Reason.HOST),
    "percent-encoded-dot": ("https://127%2e0%2e0%2e1/", Reason.HOST),
    "percent-encoded-slash": ("https://example.com%2f.127.0.0.1/", Reason.HOST),
    "decimal": ("https://2130706433/", Reason.HOST),
    "hexadecimal": ("https://0x7f000001/", Reason.HOST),
    "octal": ("https://0177.0.0.1/", Reason.HOST),
    "octal-in-one": ("https://017700000001/", Reason.HOST),
    "mixed-bases": ("https://0x7f.1/", Reason.HOST),
    "short": ("https://127.1/", Reason.HOST),
    "bare-zero": ("https://0/", Reason.HOST),
    "leading-zeros": ("https://127.000.000.001/", Reason.HOST),
    "too-many-parts": ("https://127.0.0.1.1/", Reason.HOST),
    "overflowing-parts": ("https://383.256.0.1/", Reason.HOST),
    "fullwidth-digits": ("https://１２７.0.0.1/", Reason.HOST),
    "circled-digits": ("https://①②⑦.⓪.⓪.①/", Reason.HOST),
    "arabic-digits": ("https://١٢٧.٠.٠.١/", Reason.HOST),
    "ideographic-dots": ("https://127。0。0。1/", Reason.HOST),
    "fullwidth-dots": ("https://localhost．/", Reason.HOST),
    "circled-letters": ("https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", Reason.HOST),
    "kelvin-sign": ("https://\u212aube.example.com/", Reason.HOST),
    "soft-hyphen": ("https://local\u00adhost/", Reason.HOST),
    "zero-width-joiner": ("https://exam\u200dple.com/", Reason.HOST),
    "right-to-left-override": ("https://exam\u202eple.com/", Reason.HOST),
    "broken-punycode": ("https://xn--zzzzzz99.com/", Reason.HOST),
    "punycode-of-ascii": ("https://xn--localhost-.com/", Reason.HOST),
    "underscore": ("https://a_b.example.com/", Reason.HOST),
    "label-too-long": (f"https://{'a' * 64}.com/", Reason.HOST),
    "name-too-long": (f"https://{'.'.join(['a' * 60] * 5)}.com/", Reason.HOST),
    "ipv6-without-brackets": ("https://::1/", Reason.PORT),
    "ipv6-zone": ("https://[fe80::1%25eth0]/", Reason.HOST),
    "ipv6-bare-zone": ("https://[::1%lo]/", Reason.HOST),
    "ipv4-in-brackets": ("https://[127.0.0.1]/", Reason.HOST),
    "future-address": ("https://[v1.fe80::a]/", Reason.HOST),
    "open-bracket": ("https://[::1/", Reason.HOST),
    "text-behind-brackets": ("https://[::1]example.com/", Reason.HOST),
    # ports
    "ssh": ("https://example.com:22/", Reason.PORT),
    "smtp": ("https://example.com:25/", Reason.PORT),
    "kubernetes-below-1024": ("https://example.com:666/", Reason.PORT),
    "redis": ("https://example.com:6379/", Reason.PORT),
    "own-broker": ("https://example.com:6390/", Reason.PORT),
    "postgresql": ("https://example.com:5432/", Reason.PORT),
    "mysql": ("https://example.com:3306/", Reason.PORT),
    "mongodb": ("https://example.com:27017/", Reason.PORT),
    "memcached": ("https://example.com:11211/", Reason.PORT),
    "elasticsearch": ("https://example.com:9200/", Reason.PORT),
    "docker": ("https://example.com:2375/", Reason.PORT),
    "kubelet": ("https://example.com:10250/", Reason.PORT),
    "etcd": ("https://example.com:2379/", Reason.PORT),
    "irc": ("https://example.com:6667/", Reason.PORT),
    "port-zero": ("https://example.com:0/", Reason.PORT),
    "port-too-large": ("https://example.com:65536/", Reason.PORT),
    "port-wraps-around": ("https://example.com:65979/", Reason.PORT),
    "empty-port": ("https://example.com:/", Reason.PORT),
    "signed-port": ("https://example.com:+443/", Reason.PORT),
    "port-with-leading-zero": ("https://example.com:0443/", Reason.PORT),
    "fullwidth-port": ("https://example.com:４４３/", Reason.PORT),
    "two-ports": ("https://example.com:443:80/", Reason.PORT),
    # addresses
    "loopback": ("https://127.0.0.1/", Reason.ADDRESS),
    "other-loopback": ("https://127.8.8.8/", Reason.ADDRESS),
    "unspecified": ("https://0.0.0.0/", Reason.ADDRESS),
    "this-network": ("https://0.1.2.3/", Reason.ADDRESS),
    "private-10": ("https://10.0.0.1/", Reason.ADDRESS),
    "private-172": ("https://172.31.255.255/", Reason.ADDRESS),
    "private-192": ("https://192.168.1.1/", Reason.ADDRESS),
    "carrier-nat": ("https://100.64.0.1/", Reason.ADDRESS),
    "link-local": ("https://169.254.1.1/", Reason.ADDRESS),
    "documentation": ("https://192.0.2.1/", Reason.ADDRESS),
    "benchmark": ("https://198.18.0.1/", Reason.ADDRESS),
    "multicast": ("https://224.0.0.1/", Reason.ADDRESS),
    "reserved": ("https://240.0.0.1/", Reason.ADDRESS),
    "broadcast": ("https://255.255.255.255/", Reason.ADDRESS),
    "sixtofour-relay": ("https://192.88.99.1/", Reason.ADDRESS),
    "ipv6-loopback": ("https://[::1]/", Reason.ADDRESS),
    "ipv6-loopback-in-full": ("https://[0:0:0:0:0:0:0:1]:8000/", Reason.ADDRESS),
    "ipv6-unspecified": ("https://[::]/", Reason.ADDRESS),
    "ipv6-mapped": ("https://[::ffff:127.0.0.1]/", Reason.ADDRESS),
    "ipv6-mapped-in-hex": ("https://[::ffff:7f00:1]/", Reason.ADDRESS),
    "ipv6-mapped-public": ("https://[::ffff:93.184.215.14]/", Reason.ADDRESS),
    "ipv6-compatible": ("https://[::127.0.0.1]/", Reason.ADDRESS),
    "ipv6-translated": ("https://[::ffff:0:127.0.0.1]/", Reason.ADDRESS),
    "ipv6-unique-local": ("https://[fd12:3456::1]/", Reason.ADDRESS),
    "ipv6-link-local": ("https://[fe80::1]/", Reason.ADDRESS),
    "ipv6-site-local": ("https://[fec0::1]/", Reason.ADDRESS),
    "ipv6-multicast": ("https://[ff02::1]/", Reason.ADDRESS),
    "ipv6-documentation": ("https://[2001:db8::1]/", Reason.ADDRESS),
    "ipv6-new-documentation": ("https://[3fff::1]/", Reason.ADDRESS),
    "ipv6-discard": ("https://[100::1]/", Reason.ADDRESS),
    "sixtofour-to-loopback": ("https://[2002:7f00:1::]/", Reason.ADDRESS),
    "teredo": ("https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", Reason.ADDRESS),
    "nat64-to-loopback": ("https://[64:ff9b::7f00:1]/", Reason.ADDRESS),
    "nat64-to-metadata": ("https://[64:ff9b::169.254.169.254]/", Reason.ADDRESS),
    "nat64-of-one's-own": ("https://[64:ff9b:1::808:808]/", Reason.ADDRESS),
}

METADATA = {
    "aws": ("https://169.254.169.254/latest/meta-data/", Reason.ADDRESS),
    "aws-ecs": ("https://169.254.170.2/v2/credentials", Reason.ADDRESS),
    "aws-ipv6": ("https://[fd00:ec2::254]/latest/meta-data/", Reason.ADDRESS),
    "aws-ipv6-in-full": ("https://[fd00:0ec2:0:0:0:0:0:254]/", Reason.ADDRESS),
    "aws-over-nat64": ("https://[64:ff9b::a9fe:a9fe]/", Reason.ADDRESS),
    "aws-mapped": ("https://[::ffff:169.254.169.254]/", Reason.ADDRESS),
    "google-ipv6": ("https://[fd20:ce::254]/", Reason.ADDRESS),
    "google": ("https://metadata.google.internal/computeMetadata/v1/", Reason.HOST),
    "google-in-capitals": ("https://Metadata.Google.Internal/", Reason.HOST),
    "google-short": ("https://metadata/", Reason.HOST),
    "google-goog": ("https://metadata.goog/", Reason.HOST),
    "aws-name": ("https://instance-data.ec2.internal/", Reason.HOST),
    "tencent": ("https://metadata.tencentyun.com/", Reason.HOST),
    "alibaba": ("https://100.100.100.200/latest/meta-data/", Reason.ADDRESS),
    "oracle": ("https://192.0.0.192/", Reason.ADDRESS),
    "azure-agent": ("https://168.63.129.16/", Reason.ADDRESS),
    "http-as-it-is-served": ("http://169.254.169.254/", Reason.ADDRESS),
}


@pytest.mark.parametrize(("url", "reason"), ATTACKS.values(), ids=ATTACKS.keys())
def test_attacks_are_refused(url: str, reason: Reason) -> None:
    assert refusal(url) is reason


@pytest.mark.parametrize(("url", "reason"), METADATA.values(), ids=METADATA.keys())
@pytest.mark.parametrize("is_open", [False, True], ids=["closed", "everything-opened"])
def test_metadata_services_are_refused_whatever_is_open(
    url: str, reason: Reason, is_open: bool, settings: Settings
) -> None:
    if is_open:
        open_everything(settings)
    assert refusal(url) is reason


def open_everything(settings: Settings) -> None:
    settings.EGRESS_ALLOW_HTTP = True
    settings.EGRESS_ALLOW_PRIVATE = [
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "198.18.0.0/15"),
        *("::1", "fc00::/7"),
    ]


ALLOWED = {
    "plain": ("https://api.example.com/v1", "https://api.example.com/v1"),
    "no-path": ("https://api.example.com", "https://api.example.com/"),
    "only-a-query": ("https://example.com?a=b", "https://example.com/?a=b"),
    "capitals": ("HTTPS://API.Example.COM/V1", "https://api.example.com/V1"),
    "usual-port": ("https://example.com:443/", "https://example.com/"),
    "port-80": ("https://example.com:80/", "https://example.com:80/"),
    "port-8443": ("https://example.com:8443/v1", "https://example.com:8443/v1"),
    "ollama": ("https://example.com:11434/v1", "https://example.com:11434/v1"),
    "last-port": ("https://example.com:65535/", "https://example.com:65535/"),
    "ipv4": ("https://93.184.215.14/", "https://93.184.215.14/"),
    "ipv6": (
        "https://[2606:2800:21F:CB07:6820:80DA:AF6B:8B2C]:8443/",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:8443/",
    ),
    "nat64-of-a-public-host": ("https://[64:ff9b::8.8.8.8]/", "https://[64:ff9b::808:808]/"),
    "chinese-host": ("https://例子.中国/", "https://xn--fsqu00a.xn--fiqs8s/"),
    "punycode": ("https://xn--fsqu00a.xn--fiqs8s/", "https://xn--fsqu00a.xn--fiqs8s/"),
    "chinese-path": (
        "https://example.com/图片/猫🐱.png?名=值",
        "https://example.com/%E5%9B%BE%E7%89%87/%E7%8C%AB%F0%9F%90%B1.png?%E5%90%8D=%E5%80%BC",
    ),
    "encoded-path": ("https://example.com/a%20b?c=%2F", "https://example.com/a%20b?c=%2F"),
    "at-in-the-path": ("https://example.com/@127.0.0.1/", "https://example.com/@127.0.0.1/"),
    "at-in-the-query": ("https://example.com?@127.0.0.1/", "https://example.com/?@127.0.0.1/"),
    "at-in-the-fragment": ("https://example.com#@127.0.0.1/", "https://example.com/"),
    "another-url-in-the-query": (
        "https://example.com/?to=http://127.0.0.1:6379/",
        "https://example.com/?to=http://127.0.0.1:6379/",
    ),
    "hyphens-as-of-a-cdn": ("https://r3---sn-4g5e.example.com/", "https://r3---sn-4g5e.example.com/"),
    "name-that-begins-like-metadata": ("https://metadata.example.com/", "https://metadata.example.com/"),
}


@pytest.mark.parametrize(("url", "canonical"), ALLOWED.values(), ids=ALLOWED.keys())
def test_ordinary_addresses_are_allowed_and_spelled_one_way(url: str, canonical: str) -> None:
    checked = check_url(url)
    assert str(checked) == checked.url == canonical
    assert check_url(canonical) == checked


@pytest.mark.parametrize("canonical", [canonical for _, canonical in ALLOWED.values()], ids=ALLOWED.keys())
def test_the_http_library_reads_the_canonical_text_as_we_do(canonical: str) -> None:
    import httpx2

    checked, theirs = check_url(canonical), httpx2.URL(canonical)
    assert theirs.raw_host.decode() == checked.host
    assert theirs.netloc.decode() == checked.netloc
    assert theirs.raw_path.decode() == checked.target


def test_parts_are_told() -> None:
    checked = check_url("https://API.example.com:8443/v1?a=b#c")
    assert (checked.scheme, checked.host, checked.port) == ("https", "api.example.com", 8443)
    assert (checked.target, checked.address) == ("/v1?a=b", None)


def test_paths_may_hold_secrets_so_they_are_not_shown() -> None:
    assert "geheim" not in repr(check_url("https://hooks.example.com/services/geheim?key=geheim"))


# -- what an operator opens ----------------------------------------------------------------------------------------


def test_opened_networks_may_be_named_by_http_too(settings: Settings) -> None:
    settings.EGRESS_ALLOW_PRIVATE = ["192.168.1.0/24", "fd12::/64"]
    assert check_url("http://192.168.1.5:11434/v1").url == "http://192.168.1.5:11434/v1"
    assert check_url("http://[fd12::5]:11434/v1").port == 11434
    assert refusal("https://192.168.2.5/") is Reason.ADDRESS
    assert refusal("http://93.184.215.14/") is Reason.SCHEME
    assert refusal("http://[::ffff:192.168.1.5]/") is Reason.ADDRESS


def test_names_of_the_house_may_be_named_once_a_network_is_opened(settings: Settings) -> None:
    settings.EGRESS_ALLOW_PRIVATE = ["172.16.0.0/12"]
    for url in ("http://ollama:11434/v1", "http://host.docker.internal:11434/v1", "https://gpu.local/v1"):
        assert isinstance(check_url(url), CheckedUrl)


def test_http_may_be_allowed_everywhere(settings: Settings) -> None:
    settings.EGRESS_ALLOW_HTTP = True
    assert check_url("http://example.com/").port == 80
    assert check_url("http://93.184.215.14:8000/").netloc == "93.184.215.14:8000"
    assert refusal("http://127.0.0.1/") is Reason.ADDRESS


def test_ports_stay_shut_in_opened_networks(settings: Settings) -> None:
    open_everything(settings)
    assert refusal("http://127.0.0.1:6379/") is Reason.PORT
    assert refusal("http://10.0.0.5:22/") is Reason.PORT


@pytest.mark.parametrize(
    "network",
    ["0.0.0.0/0", "::/0", "8.8.8.8", "169.254.0.0/16", "10.0.0.0/7", "10.0.0.1/8", "fe80::/10", "内网"],
)
def test_only_private_networks_can_be_opened(network: str) -> None:
    from config.egress.policy import egress_settings

    env = Env({"EGRESS_ALLOW_PRIVATE": f"{network},10.1.0.0/16", "ENV_FILE": ""})
    assert egress_settings(env) == (False, ["10.1.0.0/16"])
    with pytest.raises(EnvironmentProblem, match="EGRESS_ALLOW_PRIVATE"):
        env.done()


def test_settings_are_closed_by_default() -> None:
    from config.egress.policy import egress_settings

    env = Env({"ENV_FILE": ""})
    assert egress_settings(env) == (False, [])
    env.done()


# -- what is said --------------------------------------------------------------------------------------------------


def test_refusals_say_what_to_do_in_both_languages_and_why_to_programs() -> None:
    with pytest.raises(EgressRefusedError) as caught:
        check_url("https://user:geheim@10.0.0.1/")
    assert "https://" in caught.value.message("en")
    assert "公网域名" in caught.value.message("zh")
    assert caught.value.details == {"reason": "credentials"}
    assert caught.value.charged is False
    assert "geheim" not in str(caught.value)
