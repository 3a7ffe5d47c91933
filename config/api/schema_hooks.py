"""What is done to the whole schema after its operations are known."""

from collections.abc import Collection, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from django.apps import apps

from config.api.scopes import SCOPES
from config.api.words import TAGS, WORDS

Schema = dict[str, Any]

#: What holds for all operations, for people: the first thing that `/docs` shows.
GUIDE = Path(__file__).with_name("guide.md")

#: Closed sets of words that are no class: those that apps add to.
_sets: dict[str, Collection[str]] = {"Scope": SCOPES}


def register(name: str, words: Collection[str]) -> None:
    """Give these words, as they are when the schema is made, one component of this name."""
    _sets[name] = words


def name_choices(result: Schema, generator: Any, request: Any, public: bool) -> Schema:
    """Give every closed set of words that is a class of ours one component of that class's name.

    Clients that are generated then have one `Language` and one `JobStatus`, however many fields and parameters there
    are of them.
    """
    names = dict(sorted(_named_sets(), key=lambda found: found[1], reverse=True))
    schemas = result["components"].setdefault("schemas", {})
    used: dict[str, Schema] = {}
    for node in list(_inline_choices(result)):
        node.pop("x-spec-enum-id", None)  # the framework's own note on it
        name = names.get(frozenset(node["enum"]))
        if name is not None and name not in schemas:
            used[name] = {"type": "string", "enum": node["enum"]}
            for word in ("type", "enum", "minLength"):
                node.pop(word, None)
            node["$ref"] = f"#/components/schemas/{name}"
    schemas |= used
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


def _named_sets() -> Iterator[tuple[frozenset[str], str]]:
    """The words of each set of words, with its name."""
    for name, words in _sets.items():
        yield frozenset(words), name
    for cls in _subclasses(Enum):
        app = cls.__module__.partition(".")[0]
        is_ours = app == "config" or apps.is_installed(app)
        if is_ours and len(cls) > 1 and all(isinstance(one.value, str) for one in cls):
            yield frozenset(str(one.value) for one in cls), cls.__name__


def _subclasses(cls: type[Enum]) -> Iterator[type[Enum]]:
    for one in cls.__subclasses__():
        yield one
        yield from _subclasses(one)


def _inline_choices(node: Any) -> Iterator[Schema]:
    """Every schema below the node that lists its words in place."""
    if isinstance(node, list):
        for inner in node:
            yield from _inline_choices(inner)
    elif isinstance(node, dict):
        if isinstance(node.get("enum"), list) and node.get("type") == "string":
            yield node
        for key, inner in node.items():
            if key not in ("examples", "example"):
                yield from _inline_choices(inner)


def describe(result: Schema, generator: Any, request: Any, public: bool) -> Schema:
    """Say what holds for all operations, what each group is about, and what fields and parameters mean that say nothing
    of themselves: what their name means everywhere."""
    for properties in _properties(result):
        for name, node in properties.items():
            if not node.get("description") and name in WORDS:
                properties[name] = {
                    **node,
                    "description": WORDS[name],
                }  # one node may stand in several places
    for operation in _operations(result):
        for parameter in operation.get("parameters", []):
            if not parameter.get("description") and parameter["name"] in WORDS:
                parameter["description"] = WORDS[parameter["name"]]
    result["info"]["description"] = GUIDE.read_text(encoding="utf-8")
    used = {tag for operation in _operations(result) for tag in operation.get("tags", [])}
    result["tags"] = [{"name": name, "description": TAGS[name]} for name in TAGS if name in used]
    return result


def _operations(result: Schema) -> Iterator[Schema]:
    for path in result["paths"].values():
        yield from path.values()


def _properties(node: Any) -> Iterator[Schema]:
    """The properties of every object below the node."""
    if isinstance(node, list):
        for inner in node:
            yield from _properties(inner)
    elif isinstance(node, dict):
        if node.get("type") == "object" and "properties" in node:
            yield node["properties"]
        for key, inner in node.items():
            if key not in ("examples", "example"):
                yield from _properties(inner)
