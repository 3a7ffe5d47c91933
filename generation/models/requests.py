"""Image requests: a sentence, and the pictures that are made of it."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from config.db import BaseModel, OwnedModel
from config.search.fields import SearchableModel, SearchText
from generation.domain.images import MAX_NEGATIVE_CHARACTERS, MAX_PROMPT_CHARACTERS, Quality, Size, Style
from generation.domain.requests import RequestStatus
from generation.models.actions import ObjectType
from generation.models.files import StoredFile
from generation.models.items import item_state
from generation.models.jobs import Job

STYLE_WORDS: dict[Style, Any] = {
    Style.REALISTIC: _("realistic"),
    Style.CARTOON: _("cute cartoon"),
    Style.GEOMETRIC: _("geometric"),
    Style.JAPANESE: _("soft Japanese"),
}
SIZE_WORDS: dict[Size, Any] = {
    Size.SQUARE: _("square"),
    Size.LANDSCAPE: _("landscape"),
    Size.PORTRAIT: _("portrait"),
}
QUALITY_WORDS: dict[Quality, Any] = {
    Quality.STANDARD: pgettext_lazy("quality", "standard"),
    Quality.HIGH: pgettext_lazy("quality", "high"),
}
REQUEST_WORDS: dict[RequestStatus, Any] = {
    RequestStatus.IMAGE_PENDING: _("pictures are waiting"),
    RequestStatus.IMAGE_GENERATING: _("pictures are being made"),
    RequestStatus.IMAGE_COMPLETED: _("to be chosen from"),
    RequestStatus.IMAGE_FAILED: _("pictures failed"),
    RequestStatus.MODEL_PENDING: _("chosen"),
    RequestStatus.MODEL_GENERATING: _("model is being made"),
    RequestStatus.MODEL_COMPLETED: _("model is there, a picture is being made"),
    RequestStatus.MODEL_FAILED: _("model failed"),
    RequestStatus.COMPLETED: _("completed"),
    RequestStatus.FAILED: pgettext_lazy("status", "failed"),
    RequestStatus.CANCELLED: pgettext_lazy("status", "cancelled"),
}
STYLES = [(style.value, word) for style, word in STYLE_WORDS.items()]
SIZES = [(size.value, word) for size, word in SIZE_WORDS.items()]
QUALITIES = [(quality.value, word) for quality, word in QUALITY_WORDS.items()]
IMAGE_STATE = item_state(reason="")


class ImageRequest(SearchableModel, OwnedModel):
    """What was asked for. A request and its job are one thing: they have the same id.

    The job writes a prompt for each picture; each picture is then a child job. `style` is empty where each picture has
    another one. `prompts_error`: why the text model wrote no prompts, so that all pictures have the original one.
    `mesh_job` makes a model of the selected picture; from then on the selection stays.
    """

    recorded_as = ObjectType.REQUEST
    recorded_with: tuple[str, ...] = ()

    job = models.OneToOneField(
        Job, verbose_name=_("job"), on_delete=models.CASCADE, related_name="image_request"
    )
    prompt = models.TextField(_("prompt"), max_length=MAX_PROMPT_CHARACTERS)
    negative_prompt = models.TextField(_("negative prompt"), max_length=MAX_NEGATIVE_CHARACTERS, blank=True)
    is_optimized = models.BooleanField(_("prompts written by a model"), default=True)
    style = models.CharField(_("style"), max_length=20, choices=STYLES, blank=True)
    size = models.CharField(_("shape"), max_length=20, choices=SIZES, default=Size.SQUARE.value)
    quality = models.CharField(_("quality"), max_length=20, choices=QUALITIES, default=Quality.STANDARD.value)
    model = models.CharField(_("model"), max_length=161, blank=True)
    count = models.PositiveSmallIntegerField(_("pictures"))
    seed = models.BigIntegerField(_("seed"))
    prompts_error = models.JSONField(_("why no prompts were written"), null=True, blank=True)
    selected = models.ForeignKey(
        "generation.RequestImage",
        verbose_name=_("selected picture"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    selected_at = models.DateTimeField(_("selected at"), null=True, blank=True)
    mesh_job = models.ForeignKey(
        Job,
        verbose_name=_("job of the model"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    search_text = SearchText("prompt")

    class Meta:
        verbose_name = _("image request")
        verbose_name_plural = _("image requests")
        constraints = [
            models.CheckConstraint(condition=Q(id=F("job_id")), name="image_request_has_its_jobs_id"),
            models.CheckConstraint(condition=Q(count__gte=1, count__lte=4), name="image_request_one_to_four"),
            models.CheckConstraint(
                condition=Q(style__in=["", *(style.value for style in Style)]),
                name="image_request_style_known",
            ),
            models.CheckConstraint(
                condition=Q(size__in=[size.value for size in Size]), name="image_request_size_known"
            ),
            models.CheckConstraint(
                condition=Q(quality__in=[quality.value for quality in Quality]),
                name="image_request_quality_known",
            ),
        ]
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="image_request_owner_newest")]

    def __str__(self) -> str:
        return self.prompt.strip().partition("\n")[0][:60]


class RequestImage(BaseModel):
    """One picture of a request, and one job: they have the same id. `file` is there when the job has succeeded;
    `is_procedural`: it was drawn here by rules and not by a model."""

    request = models.ForeignKey(
        ImageRequest, verbose_name=_("request"), on_delete=models.CASCADE, related_name="images"
    )
    job = models.OneToOneField(
        Job, verbose_name=_("job"), on_delete=models.CASCADE, related_name="request_image"
    )
    position = models.PositiveSmallIntegerField(_("number"))
    style = models.CharField(_("style"), max_length=20, choices=STYLES)
    prompt = models.TextField(_("prompt"))
    seed = models.BigIntegerField(_("seed"))
    file = models.ForeignKey(
        StoredFile,
        verbose_name=_("file"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    provider = models.CharField(_("provider"), max_length=40, blank=True)
    model = models.CharField(_("model"), max_length=120, blank=True)
    is_procedural = models.BooleanField(_("procedural"), default=False)

    class Meta:
        verbose_name = _("picture of a request")
        verbose_name_plural = _("pictures of requests")
        constraints = [
            models.CheckConstraint(condition=Q(id=F("job_id")), name="request_image_has_its_jobs_id"),
            models.UniqueConstraint(fields=["request", "position"], name="request_image_placed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position} · {self.get_style_display()}"
