"""The base of every `<Entity><Action>In`."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

SHOWN_CHARACTERS = 100


class StrictSerializer(serializers.Serializer[Any]):
    """Shape of an input. Fields that it doesn't declare (or that can't be written) are errors, not ignored."""

    default_error_messages = {"unknown_field": _("There is no such field here.")}

    def to_internal_value(self, data: Any) -> Any:
        unknown = self._unknown(data) if isinstance(data, dict) else {}
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as exc:
            if isinstance(exc.detail, dict):
                exc.detail.update(unknown)
            raise
        if unknown:
            raise serializers.ValidationError(unknown)
        return value

    def _unknown(self, data: dict[Any, Any]) -> dict[str, Any]:
        writable = {name for name, field in self.fields.items() if not field.read_only}
        error = serializers.ErrorDetail(str(self.error_messages["unknown_field"]), code="unknown_field")
        return {str(name)[:SHOWN_CHARACTERS]: [error] for name in data if name not in writable}
