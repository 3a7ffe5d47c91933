"""A page on which staff give an account the projects of a CSV file, with a rehearsal first."""

from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from accounts.models import User
from accounts.selectors.users import user_get_by_name
from config.admin.cells import list_of
from config.spreadsheets.reading import MAX_FILE_BYTES
from templates.errors import ProjectCsvInvalidError
from templates.models import Project
from templates.services.sources import projects_import


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        widget=UnfoldAdminFileFieldWidget,
        help_text=_(
            "With the columns name_zh, name_en, description_zh, description_en, website and, if you like, code; "
            "Chinese headings are understood, too. A project is found again by its code or its names."
        ),
    )
    owner = forms.CharField(
        label=_("owner"),
        max_length=254,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("User name or e-mail address of whom the projects belong to."),
    )
    encoding = forms.CharField(
        label=_("encoding"),
        max_length=40,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Such as big5 or windows-1252. Empty: UTF-8, UTF-16 and GB18030 (GBK) are recognized."),
    )
    dry_run = forms.BooleanField(
        label=_("only check and count"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("Nothing is written."),
    )

    def clean_owner(self) -> User:
        user = user_get_by_name(self.cleaned_data["owner"])
        if user is None:
            raise forms.ValidationError(_("There is no such account."))
        return user


class ProjectsImport:
    """For the list of projects: a button that leads to the page."""

    actions_list = ("import_projects",)

    @action(description=_("Import a CSV file"), url_path="import", permissions=["add"])
    def import_projects(self, request: HttpRequest) -> HttpResponse:
        form = ImportForm(request.POST or None, request.FILES or None)
        problems: list[str] = []
        if form.is_valid():
            try:
                done = import_given(request.user, **form.cleaned_data)
            except ProjectCsvInvalidError as exc:
                messages.error(request, exc.message(get_language() or "en"))
                problems = sentences(exc)
            else:
                if not form.cleaned_data["dry_run"]:
                    messages.success(request, done)
                    return HttpResponseRedirect(list_of(Project))
                messages.info(request, f"{gettext('Nothing was written.')} {done}")
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "title": gettext("Import a CSV file"),
            "form": form,
            "problems": problems,
            "opts": Project._meta,
            "back": list_of(Project),
        }
        return TemplateResponse(request, "admin/templates/import_projects.html", context)


def import_given(by: Any, *, file: UploadedFile, owner: User, encoding: str, dry_run: bool) -> str:
    """What the form asks for, by the service that API and command use; returns what it did in words."""
    data = file.read(MAX_FILE_BYTES + 1)  # which is enough to be told that it is too large
    result = projects_import(owner_id=owner.pk, data=data, encoding=encoding, dry_run=dry_run, by=by)
    return gettext("Projects: %(created)d created, %(updated)d updated, %(unchanged)d unchanged.") % asdict(
        result
    )


def sentences(error: ProjectCsvInvalidError) -> list[str]:
    """Each problem that the error names, with its line, in the language of whoever looks."""
    name = "message_zh" if (get_language() or "").startswith("zh") else "message"
    return [problem[name] for problem in (error.details or {})["problems"]]
