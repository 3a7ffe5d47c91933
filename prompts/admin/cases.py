"""Cases in the admin, edited; evaluations and their answers, read."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config.admin.base import ReadOnlyAdmin, ServiceAdmin
from config.admin.cells import anchor, badge, link_to, list_of
from config.money import money
from generation.admin.jobs import subject_of
from generation.admin.words import job_badge
from prompts.admin.words import told
from prompts.models import Prompt, PromptCase, PromptEvaluation, PromptTrial
from prompts.models.cases import Side
from prompts.services.cases import case_create, case_delete, case_update
from prompts.services.evaluations import evaluation_report

SCORES: Mapping[str, Any] = {"wins": _("wins"), "losses": _("losses"), "ties": _("ties")}
FIGURES: Mapping[str, Any] = {
    "passed": _("passed"),
    "failed": _("not passed"),
    "unanswered": _("unanswered"),
    "input_tokens": _("input tokens"),
    "output_tokens": _("output tokens"),
    "cost_micros": _("cost"),
    "seconds": _("seconds"),
}


@admin.register(PromptCase)
class PromptCaseAdmin(ServiceAdmin):
    list_display = ("name", "prompt_link", "optimization_link", "updated_at")
    list_filter = ("created_at",)
    list_select_related = ("prompt", "optimization")
    search_keys = ("pk", "prompt_id", "optimization_id")
    search_fields = ("name",)
    search_help_text = _("The id of a case, prompt or optimization, or a part of a name")
    autocomplete_fields = ("prompt",)
    given_once = ("prompt", "values")
    readonly_fields = ("value_rows", "optimization_link")

    def get_fields(self, request: HttpRequest, obj: PromptCase | None = None) -> tuple[str, ...]:
        values = "value_rows" if obj else "values"
        return ("prompt", "name", values, "assertions", "optimization_link")

    @display(description=_("values"))
    def value_rows(self, case: PromptCase) -> Any:
        return told(case.values)

    @display(description=_("prompt"))
    def prompt_link(self, case: PromptCase) -> Any:
        return link_to(case.prompt)

    @display(description=_("from the rating of"))
    def optimization_link(self, case: PromptCase) -> Any:
        return link_to(case.optimization)

    def create(self, *, prompt: Prompt, **fields: Any) -> PromptCase:
        return case_create(prompt=prompt, **fields)

    def change(self, row: PromptCase, **changes: Any) -> None:
        case_update(case=row, **changes)

    def remove(self, row: PromptCase) -> None:
        case_delete(case=row)


@admin.register(PromptEvaluation)
class PromptEvaluationAdmin(ReadOnlyAdmin):
    list_display = ("created", "prompt_link", "owner", "state", "runs", "total")
    list_display_links = ("created",)
    list_filter = ("created_at",)
    list_select_related = ("prompt", "owner", "job")
    search_keys = ("pk", "prompt_id", "optimization_id", "owner_id")
    search_help_text = _("The id of an evaluation, prompt, optimization or owner")
    sortable_by = ("created",)
    fieldsets = (
        (None, {"fields": (("prompt_link", "owner"), ("state", "job_link"), ("runs", "total"))}),
        (
            _("What was compared"),
            {"fields": (("original_link", "candidate_link", "optimization_link"), "model")},
        ),
        (
            _("What came of it"),
            {"fields": ("score", "trials_link", "created_at")},
        ),
    )

    def get_object(self, *args: Any, **kwargs: Any) -> PromptEvaluation | None:
        """With its report: the theme asks for a field's content several times."""
        evaluation: Any = super().get_object(*args, **kwargs)
        if evaluation is not None:
            evaluation.report = evaluation_report(evaluation)
        return evaluation  # type: ignore[no-any-return]

    @display(description=_("created"), ordering="pk")
    def created(self, evaluation: PromptEvaluation) -> Any:
        return evaluation.created_at

    @display(description=_("prompt"))
    def prompt_link(self, evaluation: PromptEvaluation) -> Any:
        return link_to(evaluation.prompt)

    @display(description=_("status"))
    def state(self, evaluation: PromptEvaluation) -> Any:
        return job_badge(evaluation.job)

    @display(description=_("job"))
    def job_link(self, evaluation: PromptEvaluation) -> Any:
        return link_to(evaluation.job, subject_of(evaluation.job))

    @display(description=_("original"))
    def original_link(self, evaluation: PromptEvaluation) -> Any:
        return link_to(evaluation.original)

    @display(description=_("candidate"))
    def candidate_link(self, evaluation: PromptEvaluation) -> Any:
        return link_to(evaluation.candidate)

    @display(description=_("candidate of"))
    def optimization_link(self, evaluation: PromptEvaluation) -> Any:
        return link_to(evaluation.optimization)

    @display(description=_("score"))
    def score(self, evaluation: Any) -> Any:
        """In all, of each side, and of each case."""
        report = evaluation.report
        in_all = format_html("<div>{}</div>", _figures(report, SCORES))
        lines = [
            *((side.label, _figures(report[side.value], FIGURES)) for side in Side),
            *((case["name"], _figures(case, SCORES)) for case in report["cases"]),
        ]
        return in_all + format_html_join("", '<div><span class="mr-4">{}</span>{}</div>', lines)

    @display(description=_("answers"))
    def trials_link(self, evaluation: PromptEvaluation) -> Any:
        return anchor(list_of(PromptTrial, q=evaluation.pk), _("Show the answers"))


@admin.register(PromptTrial)
class PromptTrialAdmin(ReadOnlyAdmin):
    list_display = ("position", "case_link", "side", "number", "verdict", "state", "cost")
    list_display_links = ("position",)
    list_filter = ("side", "passed", "created_at")
    list_select_related = ("case", "job")
    search_keys = ("pk", "evaluation_id", "case_id", "job_id")
    search_help_text = _("The id of an answer, evaluation, case or job")
    sortable_by = ("position",)
    fieldsets = (
        (None, {"fields": (("evaluation_link", "case_link"), ("side", "number"), ("verdict", "state"))}),
        (_("Texts"), {"fields": ("text", "output")}),
        (_("Judged by"), {"fields": ("assertion_list", "verdict_list")}),
        (_("Made by"), {"fields": (("provider", "answered_by"), ("cost", "milliseconds"), "created_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PromptTrial]:
        """Lists don't read the texts."""
        trials = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and str(match.url_name).endswith("changelist")
        return trials.defer("text", "output", "assertions", "verdicts") if is_list else trials

    @display(description=_("evaluation"))
    def evaluation_link(self, trial: PromptTrial) -> Any:
        return link_to(trial.evaluation)

    @display(description=_("case"))
    def case_link(self, trial: PromptTrial) -> Any:
        return link_to(trial.case)

    @display(description=_("passed"))
    def verdict(self, trial: PromptTrial) -> Any:
        if trial.passed is None:
            return "-"
        return badge(_("passed"), "success") if trial.passed else badge(_("not passed"), "danger")

    @display(description=_("status"))
    def state(self, trial: PromptTrial) -> Any:
        return job_badge(trial.job)

    @display(description=_("cost"))
    def cost(self, trial: PromptTrial) -> str:
        return money(trial.cost_micros)

    @display(description=_("assertions"))
    def assertion_list(self, trial: PromptTrial) -> Any:
        return told(trial.assertions)

    @display(description=_("verdicts"))
    def verdict_list(self, trial: PromptTrial) -> Any:
        return told(trial.verdicts)


def _figures(data: Mapping[str, Any], words: Mapping[str, Any]) -> Any:
    rows = (
        (word, money(data[name]) if name == "cost_micros" else data[name]) for name, word in words.items()
    )
    return format_html_join("", '<span class="mr-4">{} <b>{}</b></span>', rows)
