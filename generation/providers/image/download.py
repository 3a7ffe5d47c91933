"""Copies a picture from the link that a vendor gives."""

from __future__ import annotations

from io import BytesIO

from config.egress.limits import Limits
from config.files.types import picture_type
from generation.providers.image import sandbox
from generation.providers.links import copy_link, not_copied
from generation.providers.sandbox_maker import LINK, NAME

TOTAL_S = 60.0


def download(url: str, *, provider: str, most_bytes: int, total_s: float = TOTAL_S) -> bytes:
    """What is behind the link, which begins like a picture; nobody has looked at the rest of it.

    Raises `ProviderError` as `copy_link` does, and a final one where the link brings something else.
    """
    is_offline = provider == NAME and url.startswith(LINK)
    copy = BytesIO()
    copy_link(
        url,
        copy,
        what="picture",
        provider=provider,
        limits=Limits(total_s=total_s, max_bytes=most_bytes),
        behind=sandbox.behind if is_offline else None,
    )
    content = copy.getvalue()
    if not picture_type(content):
        raise not_copied("The link to the picture brings no picture.", provider)
    return content
