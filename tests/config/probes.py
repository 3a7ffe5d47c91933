"""Addresses that only tests have: views that do what the base classes must cope with."""

import threading
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.db import ConnectionHandler
from django.http import Http404, HttpResponse
from django.urls import include, path
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from accounts.models import User
from config.api.answers import Answer
from config.api.serializers import StrictSerializer
from config.api.views import Accepted, ApiView, Created, Detail, NoContent
from config.errors import NotFoundError, ServiceUnavailableError
from tests.support.closed_port import closed_port
from tests.support.patience import PATIENCE

JOB_ID = "0193f2a4-1c7d-7e0a-8f52-b6c1d9e3a470"


class TagIn(StrictSerializer):
    name = serializers.CharField(max_length=20)


class EchoIn(StrictSerializer):
    text = serializers.CharField(allow_blank=True, required=False)
    number = serializers.IntegerField(required=False, max_value=9)
    tags = TagIn(many=True, required=False)
    anything = serializers.JSONField(required=False)


class EchoApi(ApiView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def post(self, request: Request) -> dict[str, Any]:
        return self.read(EchoIn)

    def get(self, request: Request) -> Any:
        return {"query": request.query_params.dict()}


class RaiseApi(ApiView):
    """Raises what the path names."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request, kind: str) -> None:
        raise {
            "app": NotFoundError(details={"id": 7}),
            "charged": ServiceUnavailableError(charged=True, retry_after=3.4),
            "http404": Http404(),
            "denied": PermissionDenied(),
            "suspicious": SuspiciousOperation("odd"),
            "django": ValidationError({"name": [ValidationError("too odd", code="odd")]}),
            "bug": RuntimeError("the key is sk-abcdefghijklmnopqrstuvwx and the price 7"),
        }[kind]


class DatabaseGoneApi(ApiView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request, pooled: str) -> None:
        options = {"pool": {"min_size": 1, "max_size": 1, "timeout": 0.2}} if pooled == "pool" else {}
        elsewhere = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "gone",
            "HOST": "127.0.0.1",
            "PORT": closed_port(),
            "OPTIONS": options,
        }
        connection = ConnectionHandler({"default": {}, "gone": elsewhere})["gone"]
        try:
            connection.cursor()
        finally:
            if options:
                connection.close_pool()


class DetailApi(ApiView):
    def get(self, request: Request) -> Detail:
        return Detail({"name": "量子"})

    def patch(self, request: Request) -> Detail:
        self.check_if_match(lambda: '"current"')
        return Detail({"name": "changed"}, etag='"next"')


class NothingApi(ApiView):
    def delete(self, request: Request) -> NoContent:
        return NoContent()


class RenameApi(ApiView):
    """A change that can be counted: one more letter each time it really happens."""

    gate = threading.Event()
    gate.set()

    def post(self, request: Request) -> Any:
        User.objects.filter(pk=self.caller.pk).update(first_name=f"{self._name()}x")
        self.gate.wait(PATIENCE)
        outcome = request.query_params.get("outcome")
        if outcome == "fail":
            raise NotFoundError
        if outcome == "bug":
            raise RuntimeError("after the change")
        if outcome == "job":
            return Accepted({"id": JOB_ID, "status": "queued"}, job_id=JOB_ID)
        return Created({"name": self._name(), "said": request.data}, "/api/v1/things/1")

    def _name(self) -> str:
        return User.objects.values_list("first_name", flat=True).get(pk=self.caller.pk)


class WaitingRenameApi(RenameApi):
    waits = True

    def finished(self, job_id: UUID) -> dict[str, Any]:
        return {"id": job_id, "status": "succeeded"}


class SecretApi(ApiView):
    keeps_answers = False

    def post(self, request: Request) -> Answer:
        User.objects.filter(pk=self.caller.pk).update(first_name="x")
        return Answer({"token": "only once"}, status=201)


class FileApi(ApiView):
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(b"bytes", content_type="application/zip")


urlpatterns = [
    path("api/v1/echo", EchoApi.as_view()),
    path("api/v1/raise/<str:kind>", RaiseApi.as_view()),
    path("api/v1/database-gone/<str:pooled>", DatabaseGoneApi.as_view()),
    path("api/v1/detail", DetailApi.as_view()),
    path("api/v1/nothing", NothingApi.as_view()),
    path("api/v1/rename", RenameApi.as_view()),
    path("api/v1/waiting-rename", WaitingRenameApi.as_view()),
    path("api/v1/secret", SecretApi.as_view()),
    path("api/v1/file", FileApi.as_view()),
    path("", include("config.urls")),
]

handler400 = "config.api.exceptions.bad_request"
handler403 = "config.api.exceptions.permission_denied"
handler404 = "config.api.exceptions.not_found"
handler500 = "config.api.exceptions.server_error"
