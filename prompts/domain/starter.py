"""The prompts that an account begins with: `starter.toml`, each in Chinese and English."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID, uuid5

from prompts.domain.records import PromptRecord, VersionRecord

#: With the code and language of a prompt it makes the id by which that is known again.
_NAMESPACE = UUID("8f6c1c1e-6f0b-4d3a-9d0e-5b7c0f5e2a11")


@cache
def starter_records() -> tuple[PromptRecord, ...]:
    """Each prompt as the record of a file, in one language after the other."""
    text = files("prompts").joinpath("domain/starter.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)
    return tuple(
        _record(prompt, language, told["folder"][language])
        for language in ("zh", "en")
        for prompt in told["prompt"]
    )


def _record(prompt: dict[str, Any], language: str, folder: str) -> PromptRecord:
    variables = [_variable(variable, language) for variable in prompt["variables"]]
    return PromptRecord(
        place=f"{prompt['code']}.{language}",
        id=uuid5(_NAMESPACE, f"{prompt['code']}.{language}"),
        fields={"title": prompt["title"][language], "folder": folder},
        tags=dict.fromkeys(prompt["tags"][language], ""),
        versions=[VersionRecord(content=prompt["content"][language].strip(), variables=variables)],
    )


def _variable(variable: dict[str, Any], language: str) -> dict[str, Any]:
    spoken = ("name", "default", "choices")
    return {key: value[language] if key in spoken else value for key, value in variable.items()}
