"""Forms of pages as a browser sends them: everything that stands in them, each line of a text ended by CR LF."""

from html.parser import HTMLParser
from typing import Any


class _Fields(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id = form_id
        self.sent: dict[str, list[str]] = {}
        self.is_inside = False
        self.open_name: str | None = None
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.is_inside = given.get("id") == self.form_id
        if not self.is_inside:
            return
        name = given.get("name", "")
        if tag == "option":
            if self.open_name and "selected" in given:
                self._send(self.open_name, given.get("value", ""))
        elif not name or "disabled" in given:
            return
        elif tag == "input":
            self._input(name, given)
        elif tag == "select":
            self.open_name = name
        elif tag == "textarea":
            self.open_name, self.text = name, ""

    def _input(self, name: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind in ("submit", "button", "file") or (kind in ("checkbox", "radio") and "checked" not in given):
            return
        self._send(name, given.get("value", "on" if kind == "checkbox" else ""))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_inside = False
        elif tag == "textarea" and self.open_name:
            text = self.text.removeprefix("\r\n").removeprefix("\n")  # HTML drops a first line that is empty
            self._send(self.open_name, text.replace("\r\n", "\n").replace("\n", "\r\n"))
            self.open_name = None
        elif tag == "select":
            self.open_name = None

    def _send(self, name: str, value: str) -> None:
        self.sent.setdefault(name, []).append(value)


def fields_of(page: str, form_id: str) -> dict[str, Any]:
    """What a browser would send of the page's form with this id: the test client takes it as `data`."""
    parser = _Fields(form_id)
    parser.feed(page)
    return parser.sent
