"""Which parser reads a body and which renderer answers."""

from collections.abc import Iterable

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request


class JsonNegotiation(DefaultContentNegotiation):
    """The framework's, but `application/*+json` (RFC 6839) is read by the JSON parser."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        if media_type.startswith("application/") and media_type.endswith("+json"):
            return next((parser for parser in parsers if parser.media_type == "application/json"), None)
        return super().select_parser(request, parsers)
