"""What the sandbox remembers of a conversation: what people told it of themselves, numbers, what it was about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from generation.providers.llm.base import ChatMessage
from generation.providers.llm.sandbox import without_inputs
from prompts.domain.languages import language_of, leaning

Language = Literal["zh", "en"]

NAME: Final = "name"
HOME: Final = "home"
WORK: Final = "work"

_WHAT: Final = r"([^\s,.!?;，。！？；][^,.!?;\n，。！？；]{0,60})"
_FACTS: Final = (
    (re.compile(r"\b(?:my name is|i am called|i'm called|call me)\s+" + _WHAT, re.IGNORECASE), NAME),
    (re.compile(r"(?:我叫|我的名字[是叫]|叫我)\s*" + _WHAT), NAME),
    (re.compile(r"\b[Ii](?:'m| am) ([A-Z][\w'-]{1,30})(?=[,.!?]|$| and\b)"), NAME),
    (re.compile(r"\bi live in\s+" + _WHAT, re.IGNORECASE), HOME),
    (re.compile(r"我住在\s*" + _WHAT), HOME),
    (re.compile(r"\bi work (?:at|for|as|in)\s+" + _WHAT, re.IGNORECASE), WORK),
    (re.compile(r"我在\s*([^,.!?;\n，。！？；]{1,40}?)\s*工作"), WORK),
)
_MY: Final = (
    re.compile(
        r"\bmy (?P<key>[a-z][a-z' -]{1,30}?) (?:is|are|was)\s+(?P<value>[^,.!?;\n]{1,60})", re.IGNORECASE
    ),
    re.compile(
        r"我的?(?P<key>[^\s我你是叫住在有，。！？]{1,12}?)(?:是|叫)\s*(?P<value>[^,.!?;\n，。！？；]{1,40})"
    ),
)
_HAVE: Final = (
    re.compile(r"\bi have (?P<value>(?P<number>\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten) "
               r"(?P<key>[a-z][a-z -]{1,30}?))(?=[,.!?;\n]|$| and\b)", re.IGNORECASE),
    re.compile(r"我有(?P<value>(?P<number>\d+|[一两二三四五六七八九十]+)\s*[个只条台辆本岁名位家件间]?(?P<key>[^\s,，。！？；\d]{1,10}))"),
)  # fmt: skip
_ASKS: Final = re.compile(r"[?？]|什么|多少|哪|谁|几[个只条岁]|吗\s*$")
_TRAIL: Final = re.compile(r"\s+(?:and|but|so)\s+.*$|(?:吗|呢|吧|啊|呀)$", re.IGNORECASE | re.DOTALL)
_NUMBER: Final = re.compile(r"= \*\*(-?\d+(?:\.\d+)?)\*\*")


@dataclass(frozen=True, slots=True)
class Memory:
    """What was said before the last message, and in it. `facts` by what they are about, the latest of each;
    `owned` what somebody has, by the thing; `number` the last result; `asked` the user's earlier messages."""

    language: Language
    text: str
    facts: dict[str, str] = field(default_factory=dict)
    owned: dict[str, str] = field(default_factory=dict)
    number: str | None = None
    asked: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()

    @classmethod
    def of(cls, messages: Sequence[ChatMessage]) -> Memory:
        asked = [without_inputs(message.content).strip() for message in messages if message.role == "user"]
        answered = [message.content for message in messages if message.role == "assistant"]
        facts: dict[str, str] = {}
        owned: dict[str, str] = {}
        for text in asked:
            for sentence in re.split(r"(?<=[.!?;])\s|(?<=[。！？；])|\n", text):
                _learn(sentence, facts, owned)
        numbers = [number for text in answered for number in _NUMBER.findall(text)]
        return cls(
            language=_language(asked),
            text=asked[-1] if asked else "",
            facts=facts,
            owned=owned,
            number=numbers[-1] if numbers else None,
            asked=tuple(asked[:-1]),
            answered=tuple(answered),
        )

    @property
    def name(self) -> str:
        return self.facts.get(NAME, "")

    @property
    def is_first(self) -> bool:
        return not self.answered


def _learn(sentence: str, facts: dict[str, str], owned: dict[str, str]) -> None:
    if _ASKS.search(sentence):
        return
    for pattern, key in _FACTS:
        if (found := pattern.search(sentence)) is not None:
            facts[key] = _TRAIL.sub("", found[1].strip())
    for pattern in _MY:
        for found in pattern.finditer(sentence):
            key = plain(found["key"])
            if key not in ("", NAME, "名字"):
                facts[key] = _TRAIL.sub("", found["value"].strip())
    for pattern in _HAVE:
        for found in pattern.finditer(sentence):
            owned[plain(found["key"])] = found["value"].strip()


def plain(key: str) -> str:
    """What a thing is looked up by, whoever named it how."""
    return " ".join(key.lower().split())


def _language(asked: Sequence[str]) -> Language:
    """That of the last message in which there is any to tell."""
    for text in reversed(asked):
        if language_of(text) is not None or re.search(r"[A-Za-z\u4e00-\u9fff]", text):
            return leaning(text)
    return "en"


# -- what a text is about ----------------------------------------------------------------------------------------------

_FILLERS: Final = re.compile(
    r"^(?:(?:please|hi|hello|hey|ok|okay|well|so|now|then|and|but|thanks|just|kindly)\b[,!.]?\s*"
    r"|(?:can|could|would|will) (?:you|we|i)(?: please)?\s+"
    r"|i(?:'d| would) like (?:you )?to\s+|i (?:want|need)(?: you)? to\s+|help me(?: to)?\s+|let'?s\s+"
    r"|(?:tell|show|teach|give) me (?:more )?(?:about |how |why |what )?"
    r"|(?:what|who|where|when|why|how)"
    r"(?:'s| is| are| was| were| do| does| did| can| should| would| could| to| much| many| about)?\s+"
    r"(?:i |you |we |one |it |there )?"
    r"|(?:explain|describe|write|create|make|summari[sz]e|discuss|compare|list|outline|draft|suggest|recommend|plan)\s+"
    r"(?:to me )?(?:about |how |why |what )?"
    r"|(?:a|an|the|some|my|our|your|about|of|for|on|to)\s+"
    r"|(?:\d{1,2}|two|three|four|five|six|seven|eight|nine|ten)\s+(?:\w+\s+)?"
    r"(?:ideas|tips|reasons|steps|examples|ways|points|questions|things|suggestions)\b\s*"
    r"|(?:table|list|overview|summary)\b\s*)",
    re.IGNORECASE,
)
_FILLERS_ZH: Final = re.compile(
    r"^(?:你好|您好|嗨|请问|请你?|麻烦你?|劳驾|帮我|帮忙|给我|替我|为我|告诉我|跟我|和我|对我|向我|我想要?|我要|我需要|我希望"
    r"|你?能不能|你?可不可以|你?能否|你?可以|你?能|你会|一下|说说|讲讲|谈谈|聊聊|介绍|解释|描述|说明|总结|概括|分析|比较|对比"
    r"|[做画写]出?|用(?:中文|英文|英语)|列出|列举|设计|制定|推荐|想知道|知道|了解|什么是|什么叫|如何|怎么样?|怎样|为什么|为何|关于|有关|一[个篇份段首些]|\d{1,2}\s*[个条点种步]|[两二三四五六七八九十]\s*[个条点种步]|下"
    r"|[\s，,。：:！!、的])+"
)
_FIRST_SENTENCE: Final = re.compile(r"[^.!?。！？\n]+")
_ENDS: Final = re.compile(
    r"(?:[\s,，:：;；、]+|(?:吗|呢|吧|啊|呀|了)|(?:是什么|有哪些|怎么办|怎么样)"
    r"|的?(?:点子|建议|想法|例子|理由|步骤|方法|表格|列表|清单|函数|代码|程序))+$"
)
MOST_WORDS: Final = 7
MOST_CHARACTERS: Final = 18


def topic_of(text: str, language: Language) -> str:
    """The few words that a message is about; empty where there are none."""
    for sentence in _FIRST_SENTENCE.findall(text):
        topic = _topic(sentence.strip(), language)
        if topic:
            return topic
    return ""


def _topic(sentence: str, language: Language) -> str:
    if language == "zh":
        found = _FILLERS_ZH.sub("", sentence)
        found = re.split(r"[，,；;：:]", found)[0]
        found = _ENDS.sub("", found).strip("“”\"'《》「」*#` ")
        return found if len(found) <= MOST_CHARACTERS else f"{found[:MOST_CHARACTERS]}…"
    found, before = sentence, ""
    while found != before:
        before, found = found, _FILLERS.sub("", found, count=1)
    words = re.split(r"[,;:(]", found)[0].strip("\"'*#` -").split()
    return " ".join(words[:MOST_WORDS]).rstrip(",;:")
