"""Documents as HTML: sanitized fragments and standalone pages."""

from templates.domain.html.page import CONTENT_SECURITY_POLICY, PageDetails, document_page
from templates.domain.html.sanitized import Heading, RenderedMarkdown, markdown_to_html

__all__ = [
    "CONTENT_SECURITY_POLICY",
    "Heading",
    "PageDetails",
    "RenderedMarkdown",
    "document_page",
    "markdown_to_html",
]
