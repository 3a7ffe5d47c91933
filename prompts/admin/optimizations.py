"""Optimizations in the admin: read, with the tree that each belongs to."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config.admin.base import ReadOnlyAdmin
from config.admin.cells import link_to
from config.money import money
from generation.admin.jobs import subject_of
from generation.admin.words import job_badge
from prompts.models import Optimization

#: Long texts that a line in a tree doesn't show.
HEAVY = ("response", "optimized_prompt", "improvements", "expected_benefits", "rating_reason")
TEXTS = ("prompt", "wish", *HEAVY)
#: Nodes of a tree that are shown at most.
NODES_SHOWN = 100
DEEPEST_INDENT = 12


@admin.register(Optimization)
class OptimizationAdmin(ReadOnlyAdmin):
    list_display = ("created", "owner", "mode", "state", "rating", "provider", "model", "cost")
    list_display_links = ("created",)
    list_filter = ("mode", "rating", "created_at")
    list_select_related = ("owner", "job")
    search_keys = ("pk", "tree_id", "parent_id", "owner_id")
    search_help_text = _("The id of an optimization, of the first one of its tree, or of an owner")
    sortable_by = ("created", "rating")
    fieldsets = (
        (None, {"fields": (("owner", "mode"), ("state", "job_link"), ("source_link", "saved_link"))}),
        (_("Texts"), {"fields": ("prompt", "wish", "response", "optimized_prompt")}),
        (_("What was gained"), {"fields": ("improvement_list", "benefit_list", ("rating", "rating_reason"))}),
        (_("Made by"), {"fields": (("provider", "model"), ("tokens", "cost"), "created_at")}),
        (_("Tree"), {"fields": ("tree",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Optimization]:
        """Lists don't read the texts."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and str(match.url_name).endswith("changelist")
        return rows.defer(*TEXTS) if is_list else rows.select_related("source__prompt", "saved__prompt")

    @display(description=_("created"), ordering="pk")
    def created(self, optimization: Optimization) -> Any:
        return optimization.created_at

    @display(description=_("status"))
    def state(self, optimization: Optimization) -> Any:
        return job_badge(optimization.job)

    @display(description=_("job"))
    def job_link(self, optimization: Optimization) -> Any:
        return link_to(optimization.job, subject_of(optimization.job))

    @display(description=_("taken from"))
    def source_link(self, optimization: Optimization) -> Any:
        return link_to(optimization.source)

    @display(description=_("saved as"))
    def saved_link(self, optimization: Optimization) -> Any:
        return link_to(optimization.saved)

    @display(description=_("improvements"))
    def improvement_list(self, optimization: Optimization) -> Any:
        return _points(optimization.improvements)

    @display(description=_("expected benefits"))
    def benefit_list(self, optimization: Optimization) -> Any:
        return _points(optimization.expected_benefits)

    @display(description=_("tokens in · out"))
    def tokens(self, optimization: Optimization) -> str:
        return f"{optimization.input_tokens:,} · {optimization.output_tokens:,}"

    @display(description=_("cost"))
    def cost(self, optimization: Optimization) -> str:
        return money(optimization.cost_micros)

    @display(description=_("tree"))
    def tree(self, optimization: Optimization) -> Any:
        """All nodes of the tree, each below the one that it goes on from."""
        nodes = Optimization.objects.filter(tree_id=optimization.tree_id).select_related("job")
        shown = nodes.defer(*HEAVY).order_by("created_at", "pk")[:NODES_SHOWN]
        lines = (_line(depth, node, is_here=node.pk == optimization.pk) for depth, node in _walk(list(shown)))
        return format_html_join("", "{}", ((line,) for line in lines)) or "-"


def _points(listed: list[str]) -> SafeString | str:
    return format_html_join("", "<div>{}</div>", ((point,) for point in listed)) or "-"


def _walk(nodes: list[Optimization]) -> Iterator[tuple[int, Optimization]]:
    """Depth first; what stands below a node that isn't shown comes first of all."""
    known = {node.pk for node in nodes}
    below: dict[UUID | None, list[Optimization]] = {}
    for node in nodes:
        below.setdefault(node.parent_id if node.parent_id in known else None, []).append(node)
    stack = [(0, node) for node in reversed(below.get(None, []))]
    while stack:
        depth, node = stack.pop()
        yield depth, node
        stack.extend((depth + 1, child) for child in reversed(below.get(node.pk, [])))


def _line(depth: int, node: Optimization, *, is_here: bool) -> SafeString:
    text = node.wish.strip().partition("\n")[0][:60] or str(node)
    shown = format_html("<b>{}</b>", text) if is_here else link_to(node, text)
    stars = format_html(" {}", "★" * node.rating) if node.rating else ""
    indent = min(depth, DEEPEST_INDENT) * 1.5
    return format_html(
        '<div style="padding-left: {}rem">{} {}{}</div>', indent, job_badge(node.job), shown, stars
    )
