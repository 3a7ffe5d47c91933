"""What pages show of models: as a card in a list, and whole."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from models3d.api import page_words as words
from models3d.api.pages import DOWNLOAD, FILE, GALLERY, MODEL, REPORT, absolute, address
from models3d.domain.viewing import orbit
from models3d.domain.words import Format, Origin
from models3d.models import Model3D
from models3d.selectors.pages import public_remix_list

#: The first is what most people print from.
FORMATS = (Format.STL, Format.THREE_MF, Format.OBJ, Format.GLB)
#: Characters that previews elsewhere show.
SUMMARY = 200
#: What cards say of a model.
ON_CARDS = ("id", "name", "origin", "is_procedural", "is_printable", "longest_mm")


def card(request: HttpRequest, row: Mapping[str, Any]) -> dict[str, Any]:
    """`row` is as the API's list has it."""
    return {
        **row,
        "address": address(request, MODEL, row["id"]),
        "preview": reverse(FILE, args=[row["id"], "preview.webp"]),
        "turntable": reverse(FILE, args=[row["id"], "turntable.webp"]),
        "size": words.millimetres(row["longest_mm"]) if row["longest_mm"] else "",
        "is_made_with_ai": is_made_with_ai(row),
    }


def is_made_with_ai(row: Mapping[str, Any]) -> bool:
    """What is made by rules says so instead."""
    return row["origin"] == Origin.AI_GENERATED and not row["is_procedural"]


def shown(request: HttpRequest, row: Mapping[str, Any]) -> dict[str, Any]:
    """`row` is as the API shows one public model."""
    key = UUID(row["id"])
    preview, viewer = (reverse(FILE, args=[key, name]) for name in ("preview.webp", "model.glb"))
    report, licence = row["report"], row["licence_terms"]
    summary = row["description"][:SUMMARY] or f"{words.millimetres(*report['size_mm'])} · {licence['name']}"
    return {
        "model": row,
        "published_at": parse_datetime(row["published_at"]),
        "description": summary,
        "preview": preview,
        "preview_absolute": request.build_absolute_uri(preview),
        "viewer": viewer,
        "orbit": orbit(report["size_mm"]),
        "is_made_with_ai": is_made_with_ai(row),
        "author_address": address(request, GALLERY, author=row["author"]),
        "parent_address": _parent_address(request, row["remix_of"]),
        "counters": words.counters(row),
        "verdict": words.judgement(report),
        "facts": list(words.facts(report)),
        "terms": words.terms(licence),
        "formats": [(one.value, one.value.upper()) for one in FORMATS],
        "longest": words.number(row["longest_mm"]),
        "tags": [(tag, address(request, GALLERY, tag=tag)) for tag in row["tags"]],
        "recipe": words.recipe(row["recipe"]) if row["recipe"] else None,
        "picture": row["recipe"] and row["recipe"]["picture_url"] and reverse(FILE, args=[key, "picture"]),
        "remixes": [card(request, _row(one)) for one in public_remix_list(key)],
        "download_path": reverse(DOWNLOAD, args=[key]),
        "report_address": address(request, REPORT, key),
        "linked_data": words.linked_data(
            {
                "@type": "3DModel",
                "name": row["name"],
                "description": summary,
                "url": absolute(request, MODEL, key),
                "image": request.build_absolute_uri(preview),
                "creator": {"@type": "Person", "name": row["author"]},
                "datePublished": row["published_at"],
                "license": licence["url"] or licence["name"],
                "encoding": {
                    "@type": "MediaObject",
                    "contentUrl": request.build_absolute_uri(viewer),
                    "encodingFormat": "model/gltf-binary",
                },
            }
        ),
    }


def _parent_address(request: HttpRequest, remix_of: Mapping[str, Any] | None) -> str:
    """Of what it is a remix of, as long as that is public."""
    return address(request, MODEL, remix_of["id"]) if remix_of and remix_of["id"] else ""


def _row(model: Model3D) -> dict[str, Any]:
    return {name: getattr(model, name) for name in ON_CARDS}
