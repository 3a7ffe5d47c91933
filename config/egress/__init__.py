"""The only way to an address that a user named: base URLs, image URLs, webhooks.

    checked = urls.check_url(text)                    # when it is saved: spelling, scheme, port, literal addresses
    answer = calls.request("POST", checked, content=b"{}", headers={"Content-Type": "application/json"})
    client = OpenAI(base_url=checked.url, http_client=httpx2.Client(transport=calls.guarded_transport(checked)), ...)

Both ways out share one mechanism (`config.egress.transport`): whenever a connection is opened, the host name is
looked up once, every address found must be allowed, and the connection is made to one of these very addresses,
while TLS and the Host header keep the name. Redirects are not followed, proxies of the environment are not used,
time and size have caps, and errors repeat neither the answer nor an address. Why: docs/adr/0011-egress.md.
"""
