"""What a server refuses of a request that others take: it is left out, and the next calls know it.

A refusal costs nothing, so the call is made again at once, in the server's own way. The limit of the output is never
left out, as money is set aside by it: it changes its name. Kept in this process, by address and model.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from generation.providers.error_words import said_in

Served = tuple[str, str]
"""An address and a model."""

_REMEMBERED = 1_000
_STATUSES: Final = frozenset({400, 404, 415, 422, 501})
_LIMITS: Final = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_OPTIONAL: Final = ("temperature", "response_format", "stream_options", "thinking")
_UNSUPPORTED: Final = re.compile(
    r"unsupported|not (be )?support|n[o']t support|unrecogni[sz]ed|unknown|unexpected"
    r"|not (permitted|allowed|valid|available)|invalid|extra (inputs?|fields?)|no longer|deprecated|instead"
    r"|only (the )?(default|supports?|\d|allowed)|must be"
    r"|不支持|不允许|不接受|未知|无效|非法|错误|不可用|只支持|仅支持",
    re.IGNORECASE,
)
#: A limit that is too large or no number has the right name.
_OF_VALUE: Final = re.compile(
    r"too large|too (big|high|long|small)|at most|maximum|minimum|less than|greater than|exceed"
    r"|above|below|between|range|过大|超过|超出|大于|小于|范围|最大|最小",
    re.IGNORECASE,
)
_SYSTEM: Final = re.compile(
    r"system.{0,20}(role|message|prompt|instruction)|role.{0,40}system|系统(角色|消息|提示)", re.I | re.DOTALL
)

_learnt: OrderedDict[Served, frozenset[str]] = OrderedDict()
_lock = threading.Lock()


def refused_by(served: Served) -> frozenset[str]:
    return _learnt.get(served, frozenset())


def forget() -> None:
    """For tests."""
    with _lock:
        _learnt.clear()


def learn(
    served: Served, status: int, answer: object, sent: Mapping[str, Any], refused: frozenset[str]
) -> bool:
    """Whether this answer refuses something that can be left out of the next call, or called otherwise.

    `sent` was made without what had been `refused` by then.
    """
    name = _refused(status, answer, sent)
    if name is None or name in refused or _LIMITS.get(name) in refused:
        return False
    with _lock:
        _learnt[served] = _learnt.get(served, frozenset()) | {name}
        _learnt.move_to_end(served)
        while len(_learnt) > _REMEMBERED:
            _learnt.popitem(last=False)
    return True


def without(body: dict[str, Any], refused: frozenset[str]) -> dict[str, Any]:
    """The body as its server takes it."""
    for name in refused & {"temperature", "stream_options", "thinking"}:
        body.pop(name, None)
    for name, other in _LIMITS.items():
        if name in refused and name in body:
            body[other] = body.pop(name)
            break
    if "system" in refused:
        body["messages"] = _without_system(body["messages"])
    return body


def _refused(status: int, answer: object, sent: Mapping[str, Any]) -> str | None:
    if status not in _STATUSES:
        return None
    said = said_in(answer)
    words = " ".join((*said.codes, said.message, _places(answer)))
    if not _UNSUPPORTED.search(words):
        return None
    for name in _LIMITS:
        if name in sent and _names(name, words) and not _OF_VALUE.search(said.message):
            return name
    for name in _OPTIONAL:
        if name in sent and _names(name, words):
            is_schema = name == "response_format" and sent[name].get("type") == "json_schema"
            return "json_schema" if is_schema else name
    if "response_format" in sent and re.search(r"json[ _](mode|schema|object)", words, re.IGNORECASE):
        return "json_schema" if sent["response_format"].get("type") == "json_schema" else "response_format"
    has_system = any(message["role"] == "system" for message in sent["messages"])
    return "system" if has_system and _SYSTEM.search(words) else None


def _names(name: str, words: str) -> bool:
    return re.search(rf"(?<![A-Za-z_]){name}(?![A-Za-z_])", words) is not None


def _places(answer: object) -> str:
    """Where an answer says that the fault is: OpenAI's `param`, pydantic's `loc`."""
    found: list[str] = []
    level = [answer]
    for _ in range(4):
        below: list[object] = []
        for item in level:
            if isinstance(item, list):
                below += item[:20]
            elif isinstance(item, Mapping):
                found += [
                    str(item[name])[:200] for name in ("param", "loc", "msg", "parameter") if name in item
                ]
                below += [value for value in item.values() if isinstance(value, Mapping | list)][:20]
        level = below
    return " ".join(found)


def _without_system(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Instructions at the head of what the user says, as templates without a system's place want them."""
    told = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    others = [dict(message) for message in messages if message["role"] != "system"]
    if not told or not others or others[0]["role"] != "user":
        return messages if not told else [{"role": "user", "content": told}, *others]
    said = others[0]["content"]
    if isinstance(said, str):
        others[0]["content"] = f"{told}\n\n{said}"
    else:
        others[0]["content"] = [{"type": "text", "text": told}, *said]
    return others
