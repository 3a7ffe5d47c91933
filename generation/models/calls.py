"""The ledger: one row for every call that may cost money, written before the call is made."""

from typing import Self

from django.conf import settings
from django.db import models

from config.db import BaseModel
from generation.domain.states import CALL_HOLDS_STEP, CallStatus
from generation.models.jobs import Job


class ProviderCallQuerySet(models.QuerySet["ProviderCall"]):
    def owned_by(self, owner_id: object) -> Self:
        return self.filter(owner_id=owner_id)

    def uncertain(self) -> Self:
        return self.filter(status=CallStatus.UNCERTAIN)


class ProviderCall(BaseModel):
    """`reserved → sent → settled | released | uncertain`.

    Amounts are integer micro-units (a millionth) of `currency`, with the version of the prices they were computed
    from. `step` names the purchase within its job: the partial unique constraint lets nobody buy a step twice while
    an earlier purchase of it is open or settled. `result` keeps the bought answer until the job's output is in place,
    so that a retry stores it instead of buying it again. `repeats` links the second purchase of a text whose first
    outcome is unknown.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="provider_calls"
    )
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="calls")
    attempt = models.PositiveIntegerField(default=0)
    step = models.CharField(max_length=60)
    feature = models.CharField(max_length=60)
    capability = models.CharField(max_length=20)
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=120, blank=True)
    status = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in CallStatus], default=CallStatus.RESERVED.value
    )
    repeats = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="repeated_by"
    )

    reserved_micros = models.BigIntegerField(default=0)
    cost_micros = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, default="USD")
    price_version = models.CharField(max_length=40, blank=True)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0)
    reasoning_tokens = models.PositiveIntegerField(default=0)
    is_estimate = models.BooleanField(default=False)

    provider_ref = models.CharField(max_length=200, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    result = models.JSONField(null=True, blank=True)
    resolution = models.CharField(
        max_length=200, blank=True, help_text="Who or what resolved an uncertain outcome."
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = ProviderCallQuerySet.as_manager()

    class Meta:
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
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.step} {self.status}"
