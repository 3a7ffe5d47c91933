"""What people read exists in Chinese and English: no sentence of a check or a form in one language only."""

import ast
import gettext
import re
from collections.abc import Iterable, Iterator

import pytest
from django.conf import settings

from tests.architecture.house import Source, calls, product, source

#: A plural is found by its singular.
MARKERS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
#: Errors of forms and serializers, whose first argument is shown to a person.
SHOWN = {"ValidationError"}
LETTERS = re.compile(r"[A-Za-z]{2}")


def marked(sources: Iterable[Source]) -> Iterator[tuple[str, str]]:
    """Each text that is marked for translation, with its place."""
    for one in sources:
        for name, call in calls(one.tree):
            for argument in call.args[:1] if name in MARKERS else []:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value, f"{one.name}:{call.lineno}"


def chinese() -> gettext.GNUTranslations:
    """The compiled catalogue that the product itself uses."""
    path = settings.LOCALE_PATHS[0] / "zh_Hans" / "LC_MESSAGES" / "django.mo"
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)


def untranslated(sources: Iterable[Source]) -> list[str]:
    """Marked texts that our catalogue (or, for its words, Django's) doesn't know."""
    catalogue = chinese()._catalog  # type: ignore[attr-defined]
    known = {key[0] if isinstance(key, tuple) else key for key, text in catalogue.items() if text}
    return [f"{place} {text!r}" for text, place in marked(sources) if text not in known]


def test_every_marked_text_is_translated() -> None:
    assert untranslated(product()) == []


def test_the_guard_finds_an_untranslated_text() -> None:
    text = "_('Nobody has ever translated this.')\nngettext('one thing of mine', 'many things of mine', 3)"
    assert len(untranslated([source("x.py", text)])) == 2


def test_there_are_texts_to_look_at() -> None:
    assert len(list(marked(product()))) > 20


def bare(sources: Iterable[Source]) -> list[str]:
    """Sentences that are shown to a person as they stand in the source."""
    found = []
    for one in sources:
        for name, call in calls(one.tree):
            shown = call.args[:1] if name in SHOWN else []
            if name == "ValidationFailedError":
                shown = messages(call)
            found += [f"{one.name}:{node.lineno}" for node in shown if is_sentence(node)]
    return found


def messages(call: ast.Call) -> list[ast.expr]:
    """The values under the key `message` anywhere in a call's arguments."""
    dictionaries = [node for node in ast.walk(call) if isinstance(node, ast.Dict)]
    return [
        value
        for node in dictionaries
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "message"
    ]


def is_sentence(node: ast.expr) -> bool:
    """A literal text, alone or inside a list, a dictionary or an f-string; not one that `_` has marked."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and bool(LETTERS.search(node.value))
    if isinstance(node, ast.JoinedStr):
        return any(is_sentence(part) for part in node.values)
    if isinstance(node, ast.List | ast.Tuple):
        return any(is_sentence(part) for part in node.elts)
    if isinstance(node, ast.Dict):
        return any(is_sentence(part) for part in node.values)
    return isinstance(node, ast.BinOp) and is_sentence(node.left)


def test_no_sentence_is_in_english_only() -> None:
    assert bare(product()) == []


@pytest.mark.parametrize(
    "line",
    [
        "raise serializers.ValidationError('Must be true.', code='invalid')",
        "raise ValidationError({'name': [f'{name} is taken.']})",
        "raise ValidationError('%s is taken' % name)",
        "raise ValidationFailedError(details=capped([{'field': 'wait', 'message': 'Give a number.'}]))",
    ],
)
def test_the_guard_finds_a_bare_sentence(line: str) -> None:
    assert bare([source("x.py", line)]) == ["x.py:1"]


@pytest.mark.parametrize(
    "line",
    [
        "raise serializers.ValidationError(_('Must be true.'))",
        "raise ValidationFailedError(details=capped([{'field': 'wait', 'message': _('Give %(n)d.') % {'n': 3}}]))",
        "raise serializers.ValidationError(unknown)",
    ],
)
def test_the_guard_lets_marked_texts_be(line: str) -> None:
    assert bare([source("x.py", line)]) == []
