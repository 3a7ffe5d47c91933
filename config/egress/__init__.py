"""The only way to an address that a user named: base URLs, image URLs, webhooks.

    checked = check_url(text)                    # when it is saved: spelling, scheme, port, literal addresses
    answer = request("POST", checked, content=b"{}", headers={"Content-Type": "application/json"})
    client = OpenAI(base_url=checked.url, http_client=httpx2.Client(transport=guarded_transport(checked)), ...)

Both ways out share one mechanism (`config.egress.transport`): whenever a connection is opened, the host name is
looked up once, every address found must be allowed, and the connection is made to one of these very addresses,
while TLS and the Host header keep the name. Redirects are not followed, proxies of the environment are not used,
time and size have caps, and errors repeat neither the answer nor an address. Why: docs/adr/0011-egress.md.
"""

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
from config.egress.resolution import Lookup, PinnedAddress, resolve
from config.egress.urls import CheckedUrl, check_url

__all__ = [
    "CheckedUrl",
    "EgressError",
    "EgressRefusedError",
    "EgressResponse",
    "EgressTimeoutError",
    "EgressTooLargeError",
    "EgressUnreachableError",
    "Limits",
    "Lookup",
    "PinnedAddress",
    "Reason",
    "check_url",
    "guarded_transport",
    "request",
    "resolve",
]
