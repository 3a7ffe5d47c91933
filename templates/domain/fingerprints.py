"""Stable hashes of what a document was made from; a changed hash makes the document stale.

Texts are normalised first (NFC, line ends, blanks at line ends and around the text), so that importing the
same CSV from another editor or platform changes nothing.
"""

from __future__ import annotations

import hashlib
import json

from generation.domain.sections import normalized
from templates.domain.inputs import Language, ProjectInput, TemplateInput
from templates.domain.placeholders import names, placeholder_values


def project_fingerprint(project: ProjectInput, language: Language) -> str:
    """Hash of the project's texts as a document in ``language`` sees them."""
    return _digest("project", project.name(language), project.description(language), project.website)


def template_fingerprint(template: TemplateInput, language: Language) -> str:
    """Hash of the content template's texts as a document in ``language`` sees them."""
    return _digest(
        "template", template.name(language), template.description(language), template.prompt(language)
    )


def input_fingerprint(project: ProjectInput, template: TemplateInput, language: Language) -> str:
    """Hash of everything a native document in ``language`` is made from.

    A prompt that names a text of the other language (``{{project_name_en}}`` in a Chinese prompt) depends on
    that text too, so the values of all its placeholders are part of the hash.
    """
    values = placeholder_values(project, template, language)
    used = sorted(name for name in names(template.prompt(language)) if name in values)
    return _digest(
        "document",
        language,
        project_fingerprint(project, language),
        template_fingerprint(template, language),
        *(f"{name}={values[name]}" for name in used),
    )


def pair_fingerprint(first: str, second: str) -> str:
    """One fingerprint for two: for what is made from both languages."""
    return _digest("pair", first, second)


def _digest(*parts: str) -> str:
    payload = json.dumps([normalized(part) for part in parts], ensure_ascii=False)
    return hashlib.sha256(payload.encode("utf-8", "surrogatepass")).hexdigest()
