"""Is this an improved prompt, or something else that a model sent?

A candidate is turned down for one of the reasons below, and never repaired: what is left of a prompt that lost a
variable isn't what its owner wrote.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from generation.domain.continuation import looks_complete
from prompts.domain.languages import is_other, language_of, prose
from prompts.domain.placeholders import marks_of, stray_braces, without_marks


class Reason(StrEnum):
    EMPTY = "empty"
    CUT_OFF = "cut_off"
    VARIABLE_LOST = "variable_lost"
    VARIABLE_ADDED = "variable_added"
    VARIABLE_RENAMED = "variable_renamed"
    LANGUAGE_CHANGED = "language_changed"
    LEAKED = "leaked"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Rejection:
    """`names` are the variables and includes in question, as they are written."""

    reason: Reason
    names: tuple[str, ...] = ()


def rejection(original: str, candidate: str, *, instructions: str, given: str = "") -> Rejection | None:
    """Why the candidate is none, or None.

    `instructions` are what the model was told about its work, which must not come back; `given` is what else it was
    shown by the prompt's owner, which may.
    """
    if _is_empty(original, candidate):
        return Rejection(Reason.EMPTY)
    if _leaks(candidate, instructions, f"{original}\n{given}"):
        return Rejection(Reason.LEAKED)
    changed = _changed_marks(original, candidate)
    if changed is not None:
        return changed
    if _is_cut_off(original, candidate):
        return Rejection(Reason.CUT_OFF)
    if is_other(language_of(original), candidate):
        return Rejection(Reason.LANGUAGE_CHANGED)
    if _answers(original, candidate):
        return Rejection(Reason.ANSWERED)
    return None


# -- empty ------------------------------------------------------------------------------------------------------------

_NOTHING = re.compile(
    r"[\W_]*(?:n/?a|none|null|todo|tbd|undefined|string|(?:the |your )?(?:optimi[sz]ed|improved)[ _]prompt(?: here)?"
    r"|无|暂无|略|空|(?:优化|改进)后的提示词)?[\W_]*",
    re.IGNORECASE,
)


def _is_empty(original: str, candidate: str) -> bool:
    """Nothing but blanks, a placeholder, or variables without a word where the prompt had words."""
    if not candidate.strip():
        return True
    has_words = _NOTHING.fullmatch(without_marks(candidate).strip()) is None
    return not has_words and _NOTHING.fullmatch(without_marks(original).strip()) is None


# -- variables and includes -------------------------------------------------------------------------------------------


def _changed_marks(original: str, candidate: str) -> Rejection | None:
    before, after = marks_of(original), marks_of(candidate)
    lost = [name for name in before if name not in after]
    added = [name for name in after if name not in before]
    if lost and added:
        return Rejection(Reason.VARIABLE_RENAMED, (*lost, *added))
    if lost:
        return Rejection(Reason.VARIABLE_LOST, tuple(lost))
    if added:
        return Rejection(Reason.VARIABLE_ADDED, tuple(added))
    stray = stray_braces(candidate)
    if len(stray) > len(stray_braces(original)):
        return Rejection(Reason.VARIABLE_ADDED, tuple(stray[:1]))
    return None


# -- cut off ----------------------------------------------------------------------------------------------------------

_OPEN_END = re.compile(
    r"(?:[,，、;；(（\[【“「《]|(?:^|\s)(?:\d{1,3}[.)、]|[-*+#]{1,6})"
    r"|\b(?:the|an?|and|or|of|to|with|for|in|on|at|by|from|that|which|is|are|be|as|your|its)"
    r"|(?:以及|并且|或者|因为|如果|例如|包括|[的和与或在把被对向并及]))\Z",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(r"(?:\.{3}|…+)\Z")


def _is_cut_off(original: str, candidate: str) -> bool:
    """Whether it ends in the middle of something, and the prompt itself doesn't end the same way."""
    was, ends = original.rstrip(), candidate.rstrip()
    if looks_complete(was) and not looks_complete(ends):
        return True
    return any(
        pattern.search(ends) is not None and pattern.search(was) is None for pattern in (_OPEN_END, _ELLIPSIS)
    )


# -- leaks ------------------------------------------------------------------------------------------------------------

#: So many words, or ideographs, in a row are no chance.
_RUN = 10
_WORD = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\W_\u3400-\u9fff\uf900-\ufaff]+")
_FRAME = re.compile(r"optimi[sz]ed_prompt|expected_benefits|</?data\b|boundary=", re.IGNORECASE)
_OWN_ROLE = re.compile(
    r"prompt[- ](?:optimi[sz]|engineer|improv|rewrit)"
    r"|(?:optimi[sz]|improv|rewrit)\w{0,3} (?:the |this |their |a |user )*prompt"
    r"|提示词(?:优化|改写|改进|工程)|(?:优化|改写|改进)(?:用户的?|这个|以下|下面的?|给出的?)*提示词",
    re.IGNORECASE,
)
_SPEAKS_OF_PROMPTS = re.compile(r"prompt|提示词", re.IGNORECASE)


def _leaks(candidate: str, instructions: str, given: str) -> bool:
    """Whether it repeats what the model was told about its own work, or hands on that work."""
    if _FRAME.search(candidate) and not _FRAME.search(given):
        return True
    if _OWN_ROLE.search(candidate) and not _SPEAKS_OF_PROMPTS.search(given):
        return True
    return bool((_runs(instructions) - _runs(given)) & _runs(candidate))


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return {tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)}


# -- answers ----------------------------------------------------------------------------------------------------------

_CHATTER = re.compile(
    r"\A\W*(?:sure\b|certainly\b|of course\b|absolutely\b|okay\b|great (?:question|idea)|i(?:'d| would) be happy"
    r"|here(?:'s| is| are)\b|(?:the )?answer(?: is|:)|as an ai|i(?:'m| am) (?:sorry|an ai)|i can(?:'t|not)\b"
    r"|好的[，,！!。]|当然[，,！!。可]|没问题|以下是|下面是|这是一|答案(?:是|[:：])|作为(?:一个|一名)?(?:AI|人工智能|语言模型)"
    r"|抱歉|很遗憾)",
    re.IGNORECASE,
)
_ASKS_BACK = re.compile(
    r"(?:would you like|do you want|shall i|let me know|feel free|hope (?:this|that|it)"
    r"|需要我|还有(?:什么|其他)|希望(?:这|以上|对您|对你)|如(?:有|需).{0,12}(?:告诉我|告知))[^\n]*\Z",
    re.IGNORECASE,
)
_VERBS_EN = (
    "write|rewrite|create|generate|explain|summari[sz]e|analy[sz]e|list|describe|translate|design|compare|draft|compose"
    "|produce|provide|give|tell|suggest|propose|recommend|answer|respond|reply|return|output|extract|classify|identify"
    "|find|review|refactor|implement|build|develop|fix|debug|plan|outline|prepare|evaluate|assess|discuss|convert"
    "|format|brainstorm|teach|help|show|calculate|solve|prove|define|edit|proofread|make (?:a|an|the|me)"
)
_VERBS_ZH = (
    "写|撰|编|改写|续写|生成|创作|创建|翻译|译成|总结|概括|归纳|分析|解释|说明|列出|列举|给出|设计|比较|对比|描述|介绍|提取|分类"
    "|识别|回答|输出|润色|修改|修复|调试|实现|制定|规划|推荐|评估|检查|计算|证明|定义|讨论|整理|起草|讲解|查找|找出"
)
_TELLS = re.compile(
    r"(?:you are|you're|you will|you must|you should|act as|as an? |your (?:task|job|goal|role|answer)|i want you"
    rf"|imagine|(?:please |then |now |first,? |finally,? )*(?:{_VERBS_EN})\b"
    r"|请|你是|您是|你的(?:任务|角色|目标|回答)|你(?:将|需要|要|现在)|作为|扮演|假设你|帮我|给我|为我"
    rf"|(?:{_VERBS_ZH})|(?:用|使用|以|将|把|对|从|根据|基于|针对|围绕|为)[^。！？\n]{{0,40}}(?:{_VERBS_ZH}))",
    re.IGNORECASE,
)
_PART = re.compile(
    r"(?:#{1,6}\s*|\*\*|【)?(?:role|context|background|task|goal|audience|requirements?|constraints?|rules|guidelines"
    r"|output(?: format)?|format|examples?"
    r"|角色|背景|任务|目标|读者|受众|要求|约束|限制|规则|注意事项|输出(?:格式)?|格式|示例)"
    r"(?:\*\*|】)?\s*(?:[:：]|\Z)",
    re.IGNORECASE,
)
_LIMITS = re.compile(
    r"(?:\d|[一二三四五六七八九十两几])\s*(?:行|段|句|字|词|点|个|步|条)|不[要用得押]|不超过|必须|语气|风格|格式"
    r"|\b(?:no|without|must|should|only|at most|lines?|words?|sentences?|tone|style|format|bullets?)\b",
    re.IGNORECASE,
)
_MARKERS = re.compile(r"^\s*(?:[-*+>•]|\d{1,3}[.)、]|#{1,6}|[（(]?[一二三四五六七八九十]{1,3}[、）)])\s*")
_SENTENCES = re.compile(r"(?<=[.!?])\s+|(?<=[。！？!?])|\n+")
_CODE = re.compile(
    r"(?:def|class|import|from|function|const|let|var|public|private|#include|SELECT|INSERT)\b.*[\[({;=:]"
    r"|return\s+\S*[\[({.=]|.*[;{}]\Z"
)
_GOES_ON = re.compile(r"\s*[.。?？!！]\s*(?=\S)|\s*[:：]?[^\S\n]*\n")
_FIRST = 4
_LEAST_SHARE = 0.3


def _answers(original: str, candidate: str) -> bool:
    """Whether the candidate does what the prompt asks for instead of asking for it better.

    A prompt tells somebody to do something: near its beginning, or in a good part of its sentences. An answer may begin
    by repeating the question; what follows then must still be a prompt's.
    """
    if (_CHATTER.match(candidate) and not _CHATTER.match(original)) or (
        _ASKS_BACK.search(candidate) and not _ASKS_BACK.search(original)
    ):
        return True
    if not _instructs(original):
        # It is no sentence that asks ("a poem about spring"): what it is about must still be there.
        return not _instructs(candidate) and _kept(original, candidate) < 0.5
    rest = _after(original, candidate)
    if rest:
        return not _instructs(rest, first=None) and _LIMITS.search(rest) is None
    return not _instructs(candidate)


def _after(original: str, candidate: str) -> str:
    """The sentences that follow where a candidate begins with the whole prompt."""
    start, text = original.strip().rstrip(".。?？!！"), candidate.strip()
    found = _GOES_ON.match(text, len(start)) if text.startswith(start) else None
    return text[found.end() :].strip() if found else ""


def _instructs(text: str, *, first: int | None = _FIRST) -> bool:
    """Whether the text tells somebody to do something, `first` sentences from its beginning (None: anywhere)."""
    words = prose(text)
    if not words.strip():
        return bool(marks_of(text))
    sentences = [_MARKERS.sub("", part).strip() for part in _SENTENCES.split(words)]
    sentences = [one for one in sentences if one and not _CODE.match(one)]
    told = [bool(_TELLS.match(one) or _PART.match(one)) for one in sentences]
    if not told:
        return False
    if sentences[-1].endswith(("?", "？")) and len(sentences) <= 3:
        return True
    return any(told[:first]) or sum(told) >= _LEAST_SHARE * len(told)


def _kept(original: str, candidate: str) -> float:
    """The share of the prompt's words that are still there."""
    words, found = _terms(original), _terms(candidate)
    return len(words & found) / len(words) if words else 1.0


def _terms(text: str) -> set[str]:
    """English words, and pairs of ideographs."""
    words: Iterable[str] = re.findall(r"[a-z0-9]{3,}", text.casefold())
    runs = re.findall(r"[\u3400-\u9fff]+", text)
    return {*words, *(run[at : at + 2] for run in runs for at in range(max(1, len(run) - 1)))}
