"""What lists of prompts can be narrowed by, besides what every list can."""

from typing import Any

from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Concat, Length, Substr
from django.utils.translation import gettext as _

from config.api.lists.filters import FilterValueError, TextFilter
from config.sql.placeholders import Placeholder
from prompts.domain.folders import normalized_folder
from prompts.domain.names import label_name
from prompts.errors import FolderInvalidError, LabelInvalidError


class FolderFilter(TextFilter):
    """A folder with all below it. No LIKE: that has another idea of case on each database."""

    value_field = TextField()

    def parse(self, raw: str) -> str:
        try:
            folder = normalized_folder(super().parse(raw))
        except FolderInvalidError as error:
            raise FilterValueError(_("Must be a folder, such as work/emails.")) from error
        if not folder:
            raise FilterValueError(_("Must be a folder, such as work/emails."))
        return f"{folder}/"

    def apply(self, queryset: QuerySet[Any], name: str, variant: Any) -> QuerySet[Any]:
        folder = Placeholder(name, self.value_field)
        path = Concat(F(self.lookup), Value("/"), output_field=TextField())
        return queryset.alias(beginning=Substr(path, 1, Length(folder))).filter(beginning=folder)


class LabelFilter(TextFilter):
    """A label by its name."""

    def parse(self, raw: str) -> str:
        try:
            return label_name(super().parse(raw))
        except LabelInvalidError as error:
            raise FilterValueError(_("Must be a label, such as production.")) from error
