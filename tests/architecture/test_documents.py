"""The documents tell of what is there: files, addresses, commands and settings that they name exist."""

import re
from collections.abc import Iterable
from pathlib import Path

from django.core.management import get_commands

from tests.architecture.house import KERNEL, LAUNCHER, ROOT, house_apps

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"\bmanage\.py (\w+)")
TARGET = re.compile(r"^(?:\$ )?make ([a-z][a-z-]*)\b", re.MULTILINE)
#: Endings of files that a text may name; `name.py` without a folder may stand for any file of that name.
ENDINGS = ("py", "md", "toml", "json", "txt", "in", "yml", "yaml", "csv", "css", "html", "po")
FILE = re.compile(rf"^[\w./*-]+/[\w.*-]+\.(?:{'|'.join(ENDINGS)})$")


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def broken_links(path: Path, text: str) -> list[str]:
    """Links to files that aren't there, and to headings that aren't in them."""
    found = []
    for link in LINK.findall(text):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if name and not target.exists():
            found.append(link)
        elif anchor and target.suffix == ".md":
            there = text if target == path else target.read_text(encoding="utf-8")
            if anchor not in anchors(there):
                found.append(link)
    return found


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def missing_files(text: str) -> list[str]:
    """Files of the house that a text names in code marks and that don't exist."""
    named = {code.split("::")[0].split(":")[0] for code in CODE.findall(text)}
    ours = {name for name in named if FILE.match(name) and name.split("/")[0] in folders()}
    return sorted(name for name in ours if not list(ROOT.glob(name)))


def folders() -> set[str]:
    return {
        KERNEL,
        LAUNCHER,
        *house_apps(),
        "tests",
        "docs",
        "benchmarks",
        "requirements",
        "deploy",
        "examples",
    }


def missing_commands(text: str) -> list[str]:
    return sorted(set(COMMAND.findall(text)) - get_commands().keys())


def missing_targets(text: str) -> list[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    code = "\n".join([*CODE.findall(text), *re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)])
    return sorted(set(TARGET.findall(code)) - targets)


def problems(found: Iterable[Path]) -> list[str]:
    report = []
    for path in found:
        text = path.read_text(encoding="utf-8")
        checks = (
            broken_links(path, text),
            missing_files(text),
            missing_commands(text),
            missing_targets(text),
        )
        report += [f"{path.relative_to(ROOT)}: {problem}" for check in checks for problem in check]
    return report


def test_documents_name_what_exists() -> None:
    assert problems(documents()) == []


def test_the_guard_finds_what_is_missing(tmp_path: Path) -> None:
    text = (
        "# Head: line\n[a](gone.md) [b](#head-line) [c](#nowhere) [d](https://example.org/x)\n"
        "`config/gone.py` `generation/jobs/*.py` `config/errors.py:12` `/api/v1/gone.py` `manage.py migrate`\n"
        "`manage.py dance` `make run` `make coffee`\nThey make believe.\n```\nmake tea\nmake test\n```\n"
    )
    assert broken_links(tmp_path / "x.md", text) == ["gone.md", "#nowhere"]
    assert missing_files(text) == ["config/gone.py"]
    assert missing_commands(text) == ["dance"]
    assert missing_targets(text) == ["coffee", "tea"]


def test_there_are_documents() -> None:
    assert len(documents()) > 10


# -- decisions -----------------------------------------------------------------------------------------------------

ADR = re.compile(r"^(\d{4})-[a-z0-9-]+\.md$")


def misfiled(names: Iterable[str]) -> list[str]:
    """Decisions that aren't numbered from 0001 without a gap."""
    numbers = [match[1] if (match := ADR.match(name)) else name for name in sorted(names)]
    return [number for place, number in enumerate(numbers, start=1) if number != f"{place:04}"]


def test_decisions_are_numbered_without_gaps() -> None:
    assert misfiled(path.name for path in (ROOT / "docs" / "adr").glob("*.md")) == []
    assert misfiled(["0001-a.md", "0003-b.md"]) == ["0003"]
    assert misfiled(["0001-a.md", "notes.md"]) == ["notes.md"]


def test_decisions_fit_on_a_page() -> None:
    long = [
        path.name
        for path in (ROOT / "docs" / "adr").glob("*.md")
        if len(path.read_text(encoding="utf-8").split()) > 600
    ]
    assert long == []


# -- dependencies --------------------------------------------------------------------------------------------------

REQUIREMENT = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)", re.MULTILINE)


def wanted(*names: str) -> set[str]:
    """The direct dependencies, in lower case."""
    texts = [(ROOT / "requirements" / f"{name}.in").read_text(encoding="utf-8") for name in names]
    return {found.lower() for text in texts for found in REQUIREMENT.findall(text)}


def explained() -> set[str]:
    """Names in the first column of the tables in docs/dependencies.md."""
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    return {found.lower() for found in re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)}


def test_every_dependency_is_explained_and_nothing_else() -> None:
    assert explained() == wanted("base", "dev", "local-llm")


def test_requirements_are_read() -> None:
    assert {"django", "psycopg", "uvloop", "moto"} <= wanted("base", "dev")
