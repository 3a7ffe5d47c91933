"""What the sandbox says in conversations: it uses what was said, in the language spoken last.

It knows what people told it of themselves, calculates, sums up, writes lists, tables and small programs, and otherwise
says how it would go about a matter. The same conversation always gets the same answer.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from conversations.domain.sandbox_memory import HOME, NAME, WORK, Language, Memory, plain, topic_of
from conversations.domain.sandbox_numbers import counted, expression_in, shown, worked_out
from generation.providers.llm.base import ChatMessage, ChatRequest
from prompts.domain.languages import leaning

_WORDS: Final = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_INTENTS: Final = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _WORDS["intents"].items()}

_ABOUT_US: Final = (
    *("who", "home", "work", "how_many", "my", "summary", "first", "before", "thanks", "greeting", "go_on"),
)

#: Magic inputs that conversations have besides those of all.
SANDBOX_INPUTS: Final = ("long", "tool-shaped", "empty")
_LONG_SECTIONS: Final = 40
_MOST_POINTS: Final = 10
_USUAL_POINTS: Final = 5
_QUOTED: Final = 120
_LONGEST_NOTE: Final = 200
_MOST_SUMMED_UP: Final = 20
_TOOL_SHAPED: Final = """\
<tool_call>
{"name": "get_weather", "arguments": {"city": "北京", "unit": "celsius"}}
</tool_call>

{"tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}]}"""


def answer(request: ChatRequest) -> str:
    """The answer to the last message, as Markdown."""
    inputs = request.context.get("sandbox_inputs", ())
    if "empty" in inputs:
        return ""
    if "tool-shaped" in inputs:
        return _TOOL_SHAPED
    talk = _Talk(request)
    if "long" in inputs:
        return talk.long()
    body = next(said for ability in _ABILITIES if (said := ability(talk)))
    if talk.is_brief:
        return body.split("\n\n")[0]
    closing = [talk.instructed(), talk.say("offline")] if talk.memory.is_first else []
    return "\n\n".join(filter(None, (body, *closing)))


def title(request: ChatRequest) -> str:
    """A few words on what the conversation is about, in its language: `context` has its first `question`."""
    inputs = request.context.get("sandbox_inputs", ())
    if "empty" in inputs:
        return ""
    if "tool-shaped" in inputs:
        return _TOOL_SHAPED
    memory = Memory.of(request.messages[-1:])
    question = str(request.context.get("question", ""))
    topic = topic_of(question, memory.language) or question.strip()
    return topic[:1].upper() + topic[1:]


class _Talk:
    """A conversation, and the words to answer it in."""

    def __init__(self, request: ChatRequest) -> None:
        self.memory = Memory.of(request.messages)
        self.text = self.memory.text
        self.language: Language = self.memory.language
        self.images = request.messages[-1].images
        self.system = "\n".join(m.content for m in request.messages if m.role == "system").strip()
        self.words: dict[str, Any] = _WORDS[self.language]
        self.this: str = self.words["this"]

    def say(self, what: str, **values: object) -> str:
        text: str = self.words[what]
        return text.format(**values)

    def asks(self, intent: str) -> re.Match[str] | None:
        """Whether the last message has this intent."""
        return _INTENTS[intent].search(self.text.strip())

    @property
    def is_brief(self) -> bool:
        return bool(self.asks("brief") or _INTENTS["brief"].search(self.system))

    @property
    def topic(self) -> str:
        """What the last message is about, or what was spoken of before."""
        return topic_of(self.text, self.language) or self.earlier_topic

    @property
    def earlier_topic(self) -> str:
        """What the latest of the earlier messages that were about anything was about."""
        topics = (topic_of(text, leaning(text)) for text in reversed(self.memory.asked) if _is_about(text))
        return next(filter(None, topics), self.this)

    def unknown(self, key: str) -> str:
        return self.say("unknown", key=self.words["labels"].get(key, key))

    def begin(self, what: str, **values: object) -> str:
        """The same, beginning with the name of whom it is said to."""
        name = f"{self.memory.name}{self.words['comma']}" if self.memory.name else ""
        said = self.say(what, name=name, **values)
        return said[:1].upper() + said[1:]

    def instructed(self) -> str:
        return self.say("instructed", instruction=_short(self.system)) if self.system else ""

    def points(self, count: int, *, skip: int = 0) -> str:
        points: list[str] = self.words["points"]
        chosen = [points[(skip + number) % len(points)] for number in range(count)]
        return "\n".join(f"{number}. {point}" for number, point in enumerate(chosen, start=1))

    def long(self) -> str:
        """Some ten thousand characters, with all that is hard to cut."""
        sections = (
            f"## {number}. {self.topic} 👩‍👩‍👧 🇨🇳 e\u0301\n\n{self.points(_MOST_POINTS, skip=number)}"
            for number in range(1, _LONG_SECTIONS + 1)
        )
        return "\n\n".join(sections)


def _is_about(text: str) -> bool:
    """Whether a message is about something, not about who speaks or what was said."""
    told = Memory.of([ChatMessage("user", text)])
    asks = any(_INTENTS[name].search(text.strip()) for name in _ABOUT_US)
    return not (asks or told.facts or told.owned or expression_in(text, "0"))


# -- what it can do: tried in the order of `_ABILITIES`, None where it isn't meant ------------------------------------


def _look(talk: _Talk) -> str | None:
    if not talk.images:
        return None
    seen = "\n".join(f"{number}. {image}" for number, image in enumerate(talk.images, start=1))
    return f"{talk.say('sees', count=len(talk.images))}\n\n{seen}"


def _recall(talk: _Talk) -> str | None:
    """What people told of themselves."""
    memory = talk.memory
    for intent, fact in (("who", NAME), ("home", HOME), ("work", WORK)):
        if talk.asks(intent):
            value = memory.facts.get(fact)
            return talk.say(f"known_{fact}", value=value) if value else talk.unknown(fact)
    if found := talk.asks("how_many"):
        thing = plain(found[1] or found[2])
        return talk.say("owned", value=memory.owned[thing]) if thing in memory.owned else talk.unknown(thing)
    if found := talk.asks("my"):
        key = plain(found[1] or found[2])
        return (
            talk.say("known", key=key, value=memory.facts[key]) if key in memory.facts else talk.unknown(key)
        )
    return None


def _look_back(talk: _Talk) -> str | None:
    """What was said before."""
    asked = talk.memory.asked
    if talk.asks("summary"):
        if not asked:
            return talk.say("summary_nothing")
        said = "\n".join(f"- {_short(one)}" for one in asked[-_MOST_SUMMED_UP:])
        return f"{talk.say('summary')}\n\n{said}\n\n{talk.say('summary_answers', count=len(talk.memory.answered))}"
    is_first = talk.asks("first")
    if not (is_first or talk.asks("before")):
        return None
    if not asked:
        return talk.say("asked_nothing")
    return (
        talk.say("asked_first", text=_short(asked[0]))
        if is_first
        else talk.say("asked_before", text=_short(asked[-1]))
    )


def _calculate(talk: _Talk) -> str | None:
    expression = expression_in(talk.text, talk.memory.number)
    if expression is None:
        return None
    try:
        value = worked_out(expression)
    except ZeroDivisionError:
        return talk.say("no_result", expression=shown(expression))
    return None if value is None else talk.say("result", expression=shown(expression), value=value)


def _code(talk: _Talk) -> str | None:
    if not talk.asks("code"):
        return None
    language, name = ("javascript", "JavaScript") if talk.asks("javascript") else ("python", "Python")
    task = next(task for task in _WORDS["tasks"] if re.search(task["pattern"], talk.text, re.IGNORECASE))
    if task["name"]:
        head = talk.say("code_head", task=task[talk.language], language=name)
    else:
        head = talk.say("code_unknown", topic=talk.topic, language=name)
    return f"{head}\n\n```{language}\n{task[language].strip()}\n```\n\n{talk.say('code_tail')}"


def _table(talk: _Talk) -> str | None:
    if found := talk.asks("compare"):
        a, b = (found[1] or found[3]).strip(), (found[2] or found[4]).strip()
        columns, rows, topic = talk.words["compare_columns"], talk.words["compare_rows"], f"{a} / {b}"
        columns = [column.format(a=a, b=b) for column in columns]
    elif talk.asks("table"):
        columns, rows, topic = talk.words["columns"], talk.words["rows"], talk.topic
    else:
        return None
    lines = (
        f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in (columns, ["---"] * 3, *rows)
    )
    return f"{talk.say('table_head', topic=topic)}\n\n" + "\n".join(lines)


def _list(talk: _Talk) -> str | None:
    found = talk.asks("counted")
    if found is None and not talk.asks("list"):
        return None
    count = min(max(counted(found[1] or found[2]) if found else _USUAL_POINTS, 1), _MOST_POINTS)
    return f"{talk.say('list_head', count=count, topic=talk.topic)}\n\n{talk.points(count)}"


def _greet(talk: _Talk) -> str | None:
    name = f"{talk.words['comma']}{talk.memory.name}" if talk.memory.name else ""
    return next((talk.say(said, name=name) for said in ("thanks", "greeting") if talk.asks(said)), None)


def _note(talk: _Talk) -> str | None:
    """Of a message that only tells something."""
    told = Memory.of([ChatMessage("user", talk.text)])
    facts = {**told.facts, **told.owned}
    if not facts or len(talk.text) > _LONGEST_NOTE or re.search(r"[?？]", talk.text):
        return None
    said = (
        talk.say("fact", key=talk.words["labels"].get(key, key), value=value) for key, value in facts.items()
    )
    return talk.begin("noted", facts=talk.words["fact_comma"].join(said))


def _go_on(talk: _Talk) -> str | None:
    if not talk.memory.asked or not talk.asks("go_on"):
        return None
    topic = talk.earlier_topic
    return f"{talk.say('more', topic=topic)}\n\n{talk.points(3, skip=3 * len(talk.memory.answered))}"


def _otherwise(talk: _Talk) -> str:
    if not topic_of(talk.text, talk.language):
        return talk.begin("nothing")
    parts = [
        talk.begin("answer_head" if talk.memory.is_first else "answer_head_again", topic=talk.topic),
        talk.points(3, skip=3 * len(talk.memory.answered)),
        talk.say("earlier", topic=talk.earlier_topic)
        if talk.earlier_topic not in (talk.topic, talk.this)
        else "",
        talk.say("question"),
    ]
    return "\n\n".join(filter(None, parts))


_ABILITIES: Final[tuple[Callable[[_Talk], str | None], ...]] = (
    *(_look, _look_back, _recall, _calculate, _code, _table, _list, _greet, _note, _go_on, _otherwise),
)


def _short(text: str) -> str:
    """One line of it."""
    line = " ".join(text.split())
    return line if len(line) <= _QUOTED else f"{line[:_QUOTED].rstrip()}…"
