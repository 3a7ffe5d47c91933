"""Chinese is complete: every text of the catalogue is translated, and the compiled catalogue is the written one.

The catalogue holds the words of packages that come without Chinese, too (the admin theme), which `makemessages` would
drop: new texts are written in by hand. The compiled file is kept in the repository, because a fresh machine has no
gettext: after a change, `manage.py compilemessages`.
"""

import ast
import gettext
import re
from pathlib import Path

from django.conf import settings

FOLDER = Path(settings.LOCALE_PATHS[0]) / "zh_Hans" / "LC_MESSAGES"
ENTRY = re.compile(
    r'((?:^#.*\n)*)(?:^msgctxt "(.*)"\n)?^msgid ((?:".*"\n)+)msgstr ((?:".*"(?:\n|\Z))+)', re.MULTILINE
)
CONTEXT_END = "\x04"  # how compiled catalogues join the two
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def entries(text: str) -> dict[str, tuple[str, str]]:
    """Each text (after its context, if it has one) with its translation and the comments above it."""
    found = {}
    for comments, context, source, translation in ENTRY.findall(text):
        found[f"{context}{CONTEXT_END}{joined(source)}" if context else joined(source)] = (
            joined(translation),
            comments,
        )
    found.pop("", None)  # the head of the file
    return found


def joined(quoted: str) -> str:
    return "".join(ast.literal_eval(line) for line in quoted.strip().splitlines())


def faults(text: str) -> list[str]:
    return [
        source
        for source, (translation, comments) in entries(text).items()
        if not translation
        or "fuzzy" in comments
        or sorted(PLACEHOLDER.findall(source)) != sorted(PLACEHOLDER.findall(translation))
    ]


def test_everything_is_translated_with_the_same_placeholders() -> None:
    text = (FOLDER / "django.po").read_text(encoding="utf-8")
    assert len(entries(text)) > 30
    assert faults(text) == []


def test_the_compiled_catalogue_is_the_written_one() -> None:
    written = entries((FOLDER / "django.po").read_text(encoding="utf-8"))
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert {source: compiled.gettext(source) for source in written} == {
        source: translation for source, (translation, _) in written.items()
    }


def test_the_look_finds_planted_faults() -> None:
    planted = (
        'msgid "a"\nmsgstr ""\n\n#, fuzzy\nmsgid "b"\nmsgstr "乙"\n\nmsgid "%(n)d c"\nmsgstr "丙"\n\n'
        'msgid ""\n"d "\n"d"\nmsgstr "丁"\n\nmsgctxt "e"\nmsgid "f"\nmsgstr ""\n'
    )
    assert faults(planted) == ["a", "b", "%(n)d c", "e\x04f"]
