"""The ledger: one row for every call that may cost money, written before the call is made."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.db import OwnedModel, OwnedQuerySet
from generation.domain.states import CALL_HOLDS_STEP, CallStatus
from generation.models.jobs import Job


class ProviderCallQuerySet(OwnedQuerySet["ProviderCall"]):
    def uncertain(self) -> Self:
        return self.filter(status=CallStatus.UNCERTAIN)


class ProviderCall(OwnedModel):
    """`reserved → sent → settled | released | uncertain`.

    Amounts are integer micro-units (a millionth) of `currency`, with the version of the prices they were computed
    from. What a budget counts names its month. `step` names the purchase within its job: the partial unique constraint
    lets nobody buy a step twice while an earlier purchase of it is open or settled. `result` keeps the bought answer
    until the job's output is in place, so that a retry stores it instead of buying it again. `repeats` links the second
    purchase of a text whose first outcome is unknown. `model` is the one that was asked, `answered_model` the one that
    the provider says has answered. `rejected_code` says why a settled answer was turned down.
    """

    job = models.ForeignKey(
        Job, verbose_name=_("job"), on_delete=models.SET_NULL, null=True, blank=True, related_name="calls"
    )
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    step = models.CharField(_("step"), max_length=60)
    feature = models.CharField(_("feature"), max_length=60)
    capability = models.CharField(_("capability"), max_length=20)
    provider = models.CharField(_("provider"), max_length=40)
    model = models.CharField(_("model"), max_length=120, blank=True)
    answered_model = models.CharField(
        _("answered by"),
        max_length=120,
        blank=True,
        default="",
        db_default="",
        help_text=_("The model that the provider named in its answer."),
    )
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=[(s.value, s.value) for s in CallStatus],
        default=CallStatus.RESERVED.value,
    )
    repeats = models.ForeignKey(
        "self",
        verbose_name=_("repeats"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="repeated_by",
    )

    reserved_micros = models.BigIntegerField(_("reserved (micro-units)"), default=0)
    cost_micros = models.BigIntegerField(_("cost (micro-units)"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    budget_month = models.DateField(
        _("budget's month"),
        null=True,
        blank=True,
        help_text=_("Empty: no budget counts it (it is free, or the owner's own key paid)."),
    )
    is_test = models.BooleanField(_("test"), default=False, help_text=_("Play money of the sandbox."))
    is_own_key = models.BooleanField(
        _("own key"), default=False, help_text=_("Made with a key of the owner's own.")
    )
    provider_key = models.ForeignKey(
        "accounts.ProviderKey",
        verbose_name=_("provider key"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    price_version = models.CharField(_("price version"), max_length=40, blank=True)
    input_tokens = models.PositiveIntegerField(_("input tokens"), default=0)
    output_tokens = models.PositiveIntegerField(_("output tokens"), default=0)
    cached_tokens = models.PositiveIntegerField(_("cached tokens"), default=0)
    reasoning_tokens = models.PositiveIntegerField(_("reasoning tokens"), default=0)
    is_estimate = models.BooleanField(_("estimate"), default=False)

    provider_ref = models.CharField(_("provider's reference"), max_length=200, blank=True)
    error_code = models.CharField(_("error code"), max_length=60, blank=True)
    rejected_code = models.CharField(
        _("turned down"),
        max_length=60,
        blank=True,
        default="",
        db_default="",
        help_text=_("Why the answer, paid for, could not be used."),
    )
    result = models.JSONField(_("result"), null=True, blank=True)
    resolution = models.CharField(
        _("resolution"), max_length=200, blank=True, help_text=_("Who or what resolved an uncertain outcome.")
    )
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    objects = ProviderCallQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("provider call")
        verbose_name_plural = _("provider calls")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=[s.value for s in CallStatus]), name="call_status_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(status="settled") | models.Q(cost_micros__isnull=False),
                name="call_settled_has_cost",
            ),
            models.CheckConstraint(
                condition=models.Q(reserved_micros__gte=0)
                & (models.Q(cost_micros__isnull=True) | models.Q(cost_micros__gte=0)),
                name="call_amounts_not_negative",
            ),
            models.UniqueConstraint(
                fields=["job", "step"],
                condition=models.Q(status__in=[s.value for s in CALL_HOLDS_STEP]),
                name="call_step_bought_once",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="call_owner_newest"),
            models.Index(fields=["job", "created_at"], name="call_job"),
            models.Index(
                fields=["created_at"],
                condition=models.Q(status__in=["reserved", "sent", "uncertain"]),
                name="call_open",
            ),
            models.Index(
                fields=["provider_key"],
                condition=models.Q(provider_key__isnull=False),
                name="call_provider_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.model} · {self.step}"
