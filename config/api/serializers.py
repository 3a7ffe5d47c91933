"""The bases of every `<Entity><Action>In`."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from config.api.problems import LONGEST_FIELD, MOST_PROBLEMS, more
from config.api.suggestions import listed, with_hint

SHOWN_CHARACTERS = 100
#: Fields whose values the framework would read kindly from another type.
TYPED = (
    serializers.BooleanField,
    serializers.IntegerField,
    serializers.CharField,
    serializers.ChoiceField,
    serializers.UUIDField,
)


def first_complaints(found: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """By key, where there is any: the first of them, and a count of the rest."""
    told: dict[Any, Any] = {}
    rest = 0
    for key, complaint in found:
        if complaint and len(told) < MOST_PROBLEMS:
            told[key] = complaint
        elif complaint:
            rest += 1
    return {**told, "": [more(rest)]} if rest else told


def mistyped(field: Any, value: Any) -> Any:
    """The field's own complaint about a value of another JSON type than its own; None when there is none."""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        if field.max_length is not None and len(value) > field.max_length:
            return None  # it complains of that
        return first_complaints((n, mistyped(field.child, item)) for n, item in enumerate(value))
    if value is None or not isinstance(field, TYPED):
        return None
    if isinstance(field, serializers.BooleanField):
        is_right = isinstance(value, bool)
    elif isinstance(field, serializers.IntegerField):
        # To JSON 1.0 is 1, and a schema's integer.
        is_whole = isinstance(value, float) and value.is_integer()
        is_right = is_whole or (isinstance(value, int) and not isinstance(value, bool))
    else:
        is_right = isinstance(value, str)
    if is_right:
        return None
    code = "invalid_choice" if isinstance(field, serializers.ChoiceField) else "invalid"
    shown = str(value)[:SHOWN_CHARACTERS]
    return [serializers.ErrorDetail(field.error_messages[code].format(input=shown, value=shown), code=code)]


class BoundedListField(serializers.ListField):
    """A list that is measured before its items are looked at, and of whose wrong items only the first are told."""

    def __init__(self, *, max_length: int = 100, **options: Any) -> None:
        super().__init__(max_length=max_length, **options)

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)

    def run_child_validation(self, data: Any) -> list[Any]:
        values: list[Any] = []
        wrong = first_complaints((n, self._complaint(item, values)) for n, item in enumerate(data))
        if wrong:
            raise serializers.ValidationError(wrong)
        return values

    def _complaint(self, item: Any, values: list[Any]) -> Any:
        """What is wrong with an item; one that is right is added to the values."""
        try:
            values.append(self.child.run_validation(item))
        except serializers.ValidationError as exc:
            return exc.detail
        return None


class StrictSerializer(serializers.Serializer[Any]):
    """Shape of an input. Fields that it doesn't declare (or that can't be written) are errors, not ignored."""

    default_error_messages = {
        "unknown_field": _("There is no such field here."),
        "unknown_parameter": _("There is no such parameter here."),
    }

    def get_fields(self) -> Any:
        """Of a closed set of words, the error names them all."""
        fields = super().get_fields()
        for field in fields.values():
            one = getattr(field, "child", field)
            if isinstance(one, serializers.ChoiceField):
                names = listed([str(choice) for choice in one.choices])
                one.error_messages["invalid_choice"] = gettext("Must be one of: %(choices)s.") % {
                    "choices": names
                }
        return fields

    def to_internal_value(self, data: Any) -> Any:
        unknown = {**self._unknown(data), **self._mistyped(data)} if isinstance(data, dict) else {}
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as exc:
            if isinstance(exc.detail, dict):
                exc.detail.update(unknown)
            raise
        if unknown:
            raise serializers.ValidationError(unknown)
        return value

    def _mistyped(self, data: dict[Any, Any]) -> dict[str, Any]:
        """What the framework would read kindly: 0 for a boolean, a number for a text, "7" for a number.

        Only bodies have types; in a query string everything is text.
        """
        if not self.context.get("has_types"):
            return {}
        found = {name: mistyped(field, data[name]) for name, field in self.fields.items() if name in data}
        return {name: complaint for name, complaint in found.items() if complaint}

    def _unknown(self, data: dict[Any, Any]) -> dict[str, Any]:
        writable = [name for name, field in self.fields.items() if not field.read_only]
        code = "unknown_parameter" if self.context.get("is_query") else "unknown_field"
        known, message = set(writable), str(self.error_messages[code])
        unknown = [name for name in data if name not in known]
        told: dict[str, Any] = {}
        for name in unknown[:MOST_PROBLEMS]:
            text = with_hint(message, name, writable)
            told[name[:LONGEST_FIELD]] = [serializers.ErrorDetail(text, code=code)]
        return {**told, "": [more(len(unknown) - len(told))]} if len(unknown) > len(told) else told


class StrictModelSerializer(StrictSerializer, serializers.ModelSerializer[Any]):
    """An input whose fields are the model's: `Meta` names them, and lengths, choices and bounds come along.

    Nothing is looked up and nothing is saved: what is unique, the service finds out as it writes.
    """

    def get_validators(self) -> list[Any]:
        return []

    def get_uniqueness_extra_kwargs(self, field_names: Any, declared_fields: Any, extra_kwargs: Any) -> Any:
        return extra_kwargs, {}

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        kind, options = super().build_standard_field(field_name, model_field)
        others = [one for one in options.pop("validators", []) if not isinstance(one, UniqueValidator)]
        return kind, {**options, "validators": others} if others else options
