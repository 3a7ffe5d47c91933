"""Which language a prompt is written in, well enough to notice that it was changed."""

from __future__ import annotations

import re
from typing import Literal

from prompts.domain.placeholders import BRACED

_SCRIPTS = {
    "kana": re.compile(r"[\u3041-\u309f\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff9d]"),
    "han": re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"),
    "hangul": re.compile(r"[\uac00-\ud7a3\u1100-\u11ff]+"),
    "latin": re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]+(?:['’-][A-Za-zÀ-ÖØ-öø-ɏ]+)*"),
    "cyrillic": re.compile(r"[\u0400-\u052f]+"),
    "greek": re.compile(r"[\u0370-\u03ff]+"),
    "arabic": re.compile(r"[\u0600-\u06ff]+"),
    "hebrew": re.compile(r"[\u0590-\u05ff]+"),
    "thai": re.compile(r"[\u0e00-\u0e7f]+"),
    "devanagari": re.compile(r"[\u0900-\u097f]+"),
}
#: One ideograph or kana carries less than a word does.
_WEIGHTS = {"han": 0.6, "kana": 0.4}
_LANGUAGES = {"han": "zh", "kana": "ja", "hangul": "ko"}
_STOPWORDS = {
    "en": "the of and to a in is you that it for on with as are be this your or from an by not must will should",
    "fr": "le la les des et un une est vous que pour dans sur avec ne pas du au votre cette sont être en par",
    "de": "der die das und ein eine ist sie zu den von mit für auf nicht im dem des als auch sich wird ihre bitte",
    "es": "el la los las un una y es sobre que para en con por su del al como no lo más este esta tu usted debe sin",
    "pt": "o os as e um uma é que para em com por seu do da no na como não mais este esta você deve sem ao",
    "it": "il lo gli e un una è che per in con di su del della non come più questo questa tuo deve senza sono",
}
_WORDS = {language: frozenset(words.split()) for language, words in _STOPWORDS.items()}

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)
_NO_PROSE = re.compile(rf"`[^`\n]*`|{BRACED}|<[^<>\n]{{1,200}}>|(?:https?://|www\.)[!-~]+")
_QUOTED = re.compile(r"“[^“”]*”|「[^「」]*」|『[^『』]*』|《[^《》]*》|\"[^\"\n]*\"|‘[^‘’\n]*’")
#: A script that has at least this share of a text's weight is the text's.
_MOST = 0.6
#: Needed where the first words are of another script: "Translate 你好 into English" is English.
_MOST_AGAINST_FIRST = 0.75


def prose(text: str) -> str:
    """The text without code, variables, tags and addresses, which belong to no language."""
    return _NO_PROSE.sub(" ", _FENCE.sub("\n", text))


def language_of(text: str) -> str | None:
    """`zh`, `en` and so on; the name of the script where that is all that can be told; None where nothing can."""
    text = prose(text)
    unquoted = _QUOTED.sub(" ", text)
    weights = _weights(unquoted)
    if not weights:
        weights = _weights(text)
        unquoted = text
    if not weights:
        return None
    script = max(weights, key=lambda name: weights[name])
    share = weights[script] / sum(weights.values())
    if share < (_MOST if script == _first_script(unquoted) else _MOST_AGAINST_FIRST):
        return None
    return _latin_language(unquoted) if script == "latin" else _LANGUAGES.get(script, script)


def leaning(text: str) -> Literal["zh", "en"]:
    """Which of both languages to talk to a model in about this text."""
    language = language_of(text)
    if language is not None:
        return "zh" if language == "zh" else "en"
    weights = _weights(text := prose(text))
    if "han" not in weights:
        return "en"
    # "比较 Kubernetes 和 Docker Swarm" is Chinese that speaks of things with English names.
    is_chinese = weights["han"] >= weights.get("latin", 0) or _first_script(text) == "han"
    return "zh" if is_chinese else "en"


def is_other(language: str | None, text: str) -> bool:
    """Whether the text is certainly in another language than this one."""
    found = language_of(text)
    if language is None or found is None or found == language:
        return False
    # A few words of a Latin script tell no language.
    return not ("latin" in (language, found) and {language, found} <= {"latin", *_WORDS})


def _weights(text: str) -> dict[str, float]:
    counted = {
        name: len(pattern.findall(text)) * _WEIGHTS.get(name, 1.0) for name, pattern in _SCRIPTS.items()
    }
    if counted["kana"] > 0.15 * counted["han"]:
        counted["kana"] += counted.pop("han")  # Japanese is written with both
    return {name: weight for name, weight in counted.items() if weight}


def _first_script(text: str) -> str:
    starts = {
        found.start(): name
        for name, pattern in _SCRIPTS.items()
        if (found := pattern.search(text)) is not None
    }
    first = starts[min(starts)]
    return "kana" if first == "han" and "kana" in _weights(text) and "han" not in _weights(text) else first


def _latin_language(text: str) -> str:
    """By the small words of each language; `latin` where too few of them stand in the text to tell."""
    found = [word.lower() for word in _SCRIPTS["latin"].findall(text)]
    votes = sorted(
        ((sum(word in words for word in found), name) for name, words in _WORDS.items()), reverse=True
    )
    (most, language), (second, _) = votes[:2]
    return language if most >= 2 and most >= 1.5 * second else "latin"
