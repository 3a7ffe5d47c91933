"""What the sandbox understands of a wish, and what it learns from a response: lines to add to a prompt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from prompts.domain.sandbox_words import AUDIENCE, EXAMPLE, FLAGS, FORM, LENGTH, TONE, Kind, Line

Place = Literal["audience", "rules", "form", "examples"]


@dataclass(frozen=True, slots=True)
class Addition:
    """A line for a section; it takes the place of what the sandbox has written there on the same `topic`."""

    place: Place
    text: str
    topic: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    place: Place
    topic: str
    zh: str
    en: str

    def addition(self, found: re.Match[str], language: str) -> Addition:
        text = (self.zh if language == "zh" else self.en).format(*found.groups(default=""))
        return Addition(self.place, text, self.topic)


def _rule(pattern: str, place: Place, topic: str, zh: str, en: str) -> _Rule:
    return _Rule(re.compile(pattern, FLAGS), place, topic, zh, en)


_WISHES = (
    _rule(
        r"(\d{1,5})\s*(?:个)?(?:字|词|words?|characters)",
        "rules",
        LENGTH,
        "全文不超过 {0} 字。",
        "Use at most {0} words.",
    ),
    _rule(
        r"([一两二三四五半\d]+)\s*(页)|((?:half a|one|a single|two|three|\d+) pages?)\b",
        "rules",
        LENGTH,
        "全文不超过{0}{1}{2}。",
        "Use at most {0}{1}{2}.",
    ),
    _rule(
        r"短|简洁|精简|精炼|简单点|\bshort|\bconcise|\bbrief|\bterse",
        "rules",
        LENGTH,
        "篇幅尽量短：删去客套、重复和不影响结论的内容。",
        "Keep it short: cut pleasantries, repetition and whatever doesn't change the conclusion.",
    ),
    _rule(
        r"详细|具体|深入|更长|展开|\bdetail|\bspecific|in.depth|\bthorough|\blonger",
        "rules",
        LENGTH,
        "每个要点都写到具体的做法或细节，不停留在概括。",
        "Take each point down to concrete steps or details; don't stop at generalities.",
    ),
    _rule(
        r"正式|专业|严肃|书面|\bformal|\bprofessional|\bserious",
        "rules",
        TONE,
        "语气正式、专业，不用口语和网络用语。",
        "Use a formal, professional tone without slang.",
    ),
    _rule(
        r"口语|轻松|亲切|随意|活泼|\bcasual|\bfriendly|conversational|\brelaxed|\bwarm",
        "rules",
        TONE,
        "语气轻松亲切，像和熟人说话一样。",
        "Use a relaxed, friendly tone, as if talking to somebody you know.",
    ),
    _rule(
        r"幽默|有趣|搞笑|\bhumou?r|\bfunny|\bwitty",
        "rules",
        TONE,
        "语气幽默，但不牺牲准确。",
        "Be humorous, but never at the cost of being right.",
    ),
    _rule(
        r"举例|例子|示例|案例|\bexamples?\b",
        "rules",
        EXAMPLE,
        "每个关键点配一个简短、具体的例子。",
        "Give a short, concrete example for each key point.",
    ),
    _rule(
        r"\bjson\b",
        "form",
        FORM,
        "只输出一个合法的 JSON 对象，不要代码围栏和其他文字。",
        "Output one valid JSON object and nothing else, without a code fence.",
    ),
    _rule(
        r"表格|\btables?\b",
        "form",
        FORM,
        "用 Markdown 表格呈现，第一行是表头。",
        "Present it as a Markdown table with a header row.",
    ),
    _rule(
        r"分步|步骤|一步一步|step.by.step|\bsteps\b",
        "form",
        FORM,
        "分步骤写并编号，每一步只做一件事。",
        "Write numbered steps, each of which does one thing.",
    ),
    _rule(
        r"列表|分点|要点|\bbullet|\b(?:as|in|into|use) (?:an? )?(?:numbered |short )?list\b",
        "form",
        FORM,
        "用列表分点写，每点一到两句话。",
        "Write a list of points of one or two sentences each.",
    ),
    _rule(
        r"(?:面向|写给|讲给|说给|给|让|适合).{0,6}(?:孩子|儿童|小学生|小朋友)"
        r"|(?:explain|understand|written|read).{0,20}\b(?:kids|child(?:ren)?)\b",
        "audience",
        AUDIENCE,
        "孩子：用短句和身边熟悉的事物，不用专业词。",
        "Children: use short sentences and familiar things, and no technical words.",
    ),
    _rule(
        r"初学者|新手|小白|入门|外行|\bbeginners?\b|\bnewcomers?\b|non.?experts?|lay(?:men|people|person)",
        "audience",
        AUDIENCE,
        "初学者：不假定任何背景知识，术语先解释再使用。",
        "Beginners: assume no knowledge of the field, and explain each term before you use it.",
    ),
    _rule(
        r"^(?:改?用|以|写成|翻译成)\s*([\u4e00-\u9fff]{1,4}[文语])(?:来?(?:回答|输出|写|书写))?$"
        r"|^(?:(?:answer|reply|write)(?: it)? )?in (chinese|english|japanese|korean|french|german|spanish|italian"
        r"|portuguese|russian|arabic)$",
        "rules",
        "",
        "用{0}{1}回答。",
        "Answer in {0}{1}.",
    ),
)
_AUDIENCE = re.compile(r"^(?:面向|针对|写给|讲给|说给|给|适合)(.{1,40}?)(?:看的?|听的?|读的?|阅读|使用)?$")
_AUDIENCE_EN = re.compile(r"^(?:aim(?:ed)? (?:it )?at|for|make it for|address)\s+(.{1,60})$", re.IGNORECASE)
_CLAUSES = re.compile(r"[，,；;。.!！\n]+\s*|\s*(?:并且|而且|同时|以及|\band\b|\bbut\b)\s*", re.IGNORECASE)
_POLITE = re.compile(
    r"^(?:请|希望(?:能)?|我(?:想|希望|要)(?:让它)?|麻烦|能不能|能否|要能|please\s+|i(?:'d| would) like (?:it )?to\s+|"
    r"i want (?:it )?to\s+|(?:can|could) you\s+)",
    re.IGNORECASE,
)
_BRACES = re.compile(r"[{}]")


def from_wish(wish: str, language: str) -> list[Addition]:
    """What a person asks for, clause by clause: by a rule where one knows it, else in their own words."""
    added: list[Addition] = []
    for clause in _CLAUSES.split(_BRACES.sub("", wish)):
        clause = _POLITE.sub("", clause.strip())
        if clause:
            added.append(_from_clause(clause, language))
    return list(dict.fromkeys(added))


def _from_clause(clause: str, language: str) -> Addition:
    for rule in _WISHES:
        found = rule.pattern.search(clause)
        if found:
            return rule.addition(found, language)
    for pattern in (_AUDIENCE, _AUDIENCE_EN):
        found = pattern.match(clause)
        if found:
            return Addition("audience", sentence(found[1], language), AUDIENCE)
    return Addition("rules", sentence(clause, language))


def sentence(text: str, language: str) -> str:
    """The text with a full stop, and in English with a capital letter."""
    if language != "zh" and text[:1].islower() and re.match(r"[a-z]+(?:['’-][a-z]+)*(?:\s|$)", text):
        text = text[0].upper() + text[1:]
    return (
        text
        if re.search(r"[.。!！?？:：;；…)）\]】」”\"']$", text)
        else text + ("。" if language == "zh" else ".")
    )


# -- from a response --------------------------------------------------------------------------------------------------

_LONG_ANSWER = 1_500
_LESSONS = (
    _rule(
        r"\A\s*(?:好的|当然|没问题|以下是|下面是|sure\b|certainly|of course|here(?:'s| is| are)|great question)",
        "rules",
        "",
        "直接给出结果，不要开场白和结束语。",
        "Give the result at once, without an opening or a closing remark.",
    ),
    _rule(
        r"作为(?:一个|一名)?(?:AI|人工智能|语言模型)|as an ai|language model",
        "rules",
        "",
        "不要谈论自己是模型或有什么限制。",
        "Don't talk about being a model or about your limits.",
    ),
    _rule(
        r"请(?:您|你)?(?:提供|告诉我|补充)|能否提供"
        r"|(?:could|can|would) you (?:please )?(?:provide|tell|share|clarify)|please provide",
        "rules",
        "",
        "信息不足时自行作出合理假设并写明，不要反问。",
        "Where information is missing, make a reasonable assumption and state it instead of asking back.",
    ),
    _rule(
        r"总之|综上所述|总而言之|in conclusion|in summary|overall,",
        "rules",
        "",
        "结尾不重复前文。",
        "Don't repeat at the end what was said before.",
    ),
)
_TOO_LONG = (
    Addition("rules", "上一次的回答偏长：篇幅减到一半左右，先保留结论。", LENGTH),
    Addition(
        "rules",
        "The last answer was long: use about half as many words, and keep the conclusions first.",
        LENGTH,
    ),
)


def from_response(response: str, language: str) -> list[Addition]:
    """What an earlier answer teaches: the faults that it has are ruled out."""
    added = []
    for rule in _LESSONS:
        found = rule.pattern.search(response)
        if found:
            added.append(rule.addition(found, language))
    if len(response) > (_LONG_ANSWER if language == "zh" else 2 * _LONG_ANSWER):
        added.append(_TOO_LONG[language != "zh"])
    return added


# -- what the sandbox has written itself ------------------------------------------------------------------------------


def topics_of_own_lines(kinds: tuple[Kind, ...]) -> dict[str, str]:
    """The topic of each line that the sandbox may have written, so that a wish can take its place."""
    lines: list[Line] = [
        line for kind in kinds for advice in (kind.zh, kind.en) for line in (*advice.rules, *advice.form)
    ]
    known = {line.text: line.unless for line in lines}
    known.update({text: rule.topic for rule in _WISHES for text in (rule.zh, rule.en) if "{" not in text})
    known.update({lesson.text: lesson.topic for lesson in _TOO_LONG})
    return known
