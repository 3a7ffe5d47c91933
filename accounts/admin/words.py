"""What activities and the audit tell, in words."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils.safestring import SafeString

from accounts.models import User
from accounts.models.actions import DETAILS, ObjectType
from config.admin.words import as_rows, field_values, field_word


def model_recorded_as(object_type: str) -> type[Model] | None:
    """The model whose rows activities call so."""
    if object_type == ObjectType.USER:
        return User
    return next((one for one in apps.get_models() if getattr(one, "recorded_as", "") == object_type), None)


def detail_words() -> dict[str, Any]:
    return {name: detail.word for name, detail in DETAILS.items()}


def details_in_words(object_type: str, details: Mapping[str, Any]) -> SafeString | str:
    """Each detail with its value, in the words of the row that something was done to."""
    model = model_recorded_as(object_type)
    words = {name: DETAILS[name].word if name in DETAILS else field_word(model, name) for name in details}
    values = {
        **field_values(model),
        **{name: detail.values for name, detail in DETAILS.items() if detail.values},
        "fields": {name: field_word(model, name) for name in details.get("fields", ())},
    }
    links = {name: detail.links_to for name, detail in DETAILS.items() if detail.links_to}
    return as_rows(details, words, links, values)
