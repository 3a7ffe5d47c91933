"""Forms of the gallery's pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from models3d.domain import limits
from models3d.domain.options import TARGETS
from models3d.models.interactions import REPORT_REASON_WORDS
from models3d.models.models import choices


class ReportForm(forms.Form):
    """Why a model shouldn't be shown."""

    reason = forms.ChoiceField(label=_("What is wrong with it?"), choices=choices(REPORT_REASON_WORDS))
    text = forms.CharField(
        label=_("In your own words (you need not)"),
        required=False,
        max_length=limits.REPORT_TEXT,
        widget=forms.Textarea,
    )


class DownloadForm(forms.Form):
    """In which format, and how large: without a size as it is."""

    format = forms.ChoiceField(choices=[(one.value, one.value) for one in TARGETS])
    size_mm = forms.FloatField(required=False, min_value=limits.LEAST_MM, max_value=limits.MOST_MM)

    @property
    def problem(self) -> str:
        """The first one, in words."""
        return str(next(iter(self.errors.values()))[0])
