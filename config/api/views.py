"""The base of every view: authenticate, parse, one service or selector call, return plain data."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, ClassVar, NoReturn, Protocol, cast
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from config.api import etags, idempotency, scopes, waiting
from config.api.answers import Accepted, Answer, Created, Detail, NoContent
from config.api.exceptions import answer_to
from config.api.language import prefer_language
from config.api.problems import said_once
from config.api.renderers import JSON, success_body
from config.api.throttling import Window
from config.errors import AppError, PreconditionFailedError, RateLimitedError

__all__ = ["Accepted", "Answer", "ApiView", "Created", "Detail", "NoContent"]


class Caller(Protocol):
    """What the kernel knows of `request.user`."""

    @property
    def pk(self) -> UUID: ...
    @property
    def is_staff(self) -> bool: ...
    @property
    def language(self) -> str: ...
    @property
    def is_test(self) -> bool: ...
    @property
    def scopes(self) -> frozenset[str] | None: ...
    def __str__(self) -> str: ...


class ApiView(APIView):
    """Methods return plain data (dict, list, None, a page of the list machine), an `Answer`, or a whole
    HttpResponse (files, streams). The envelope, ETags, `Idempotency-Key`, `?wait=`, rate headers and errors are
    added here.

        class PromptImportApi(ApiView):
            scope = "prompts"

            @operation("Import prompts", request=PromptImportIn, response=ImportedOut, example={"created": 3})
            def post(self, request):
                return {"created": prompts_import(owner_id=self.caller.pk, **self.read(PromptImportIn))}

    Views of rows are `ListApi` and `DetailApi` (`config.api.lists.views`).
    """

    #: Whose door it is, for access tokens: a resource of `config.api.scopes`, `SESSION_ONLY` or `OPEN`. Reading asks
    #: for `<resource>:read`, everything else for `<resource>:write`.
    scope: ClassVar[str] = ""
    #: Under which the schema lists its operations; empty: the scope.
    tag: ClassVar[str] = ""
    #: Methods that no access token may use although others of this view are open to it.
    session_methods: ClassVar[frozenset[str]] = frozenset()
    #: Whether POST may take `?wait=SECONDS`; its methods then return `Accepted`.
    waits: ClassVar[bool] = False
    #: False where POST waits for somebody outside: nobody may hold the database's lock meanwhile, so that the work and
    #: its kept answer are two transactions.
    works_in_transaction: ClassVar[bool] = True
    #: False where the answer holds a secret (tokens): then `Idempotency-Key` is checked but nothing is kept.
    keeps_answers: ClassVar[bool] = True

    #: The setting that says how large a body it reads.
    body_setting: ClassVar[str] = "MAX_BODY_BYTES"
    #: The largest body that it reads, if less than that.
    max_body_bytes: ClassVar[int | None] = None

    request: Request
    rate_window: Window | None = None
    wait_seconds: float = 0.0

    # -- for the views ------------------------------------------------------------------------------------------

    @property
    def caller(self) -> Caller:
        """`request.user`, typed. Only where a login is required."""
        caller: Any = self.request.user
        return cast(Caller, caller)

    def read(self, serializer_class: type[Serializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """The body, validated. Raises ValidationFailedError (422) with every field that is wrong."""
        serializer = serializer_class(
            data=self.request.data, partial=partial, context={"request": self.request, "has_types": True}
        )
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def read_query(self, serializer_class: type[Serializer[Any]]) -> dict[str, Any]:
        """The query string, validated likewise; `wait` belongs to the base."""
        query = said_once(self.request.query_params)
        if self.waits:
            query.pop("wait", None)
        serializer = serializer_class(data=query, context={"request": self.request, "is_query": True})
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def prepare(self) -> None:
        """What a POST looks at before its work, where that takes time (files in a storage): with an `Idempotency-Key`
        the work holds the database's lock from its beginning to its end."""

    def check_if_match(self, current_etag: Callable[[], str]) -> None:
        """Compare the caller's If-Match, if any, with the tag of what is stored now, which is asked for only then.

        To leave no gap between this look and the change, do both in one transaction, on a locked row
        (`DetailApi.changing`). Raises PreconditionFailedError.
        """
        header = self.request.META.get("HTTP_IF_MATCH")
        if header is not None and not etags.matches(header, current_etag()):
            raise PreconditionFailedError

    def finished(self, job_id: UUID) -> Any:
        """What a 202 promised, now that its job has ended: the answer to who waited. For views with `waits`."""
        raise NotImplementedError

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Which methods there are, in the header `Allow`; the schema says the rest."""
        return NoContent()

    # -- how a request is answered ------------------------------------------------------------------------------

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.args, self.kwargs = args, kwargs
        self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        response: HttpResponseBase
        try:
            self.initial(self.request, *args, **kwargs)
            method = (self.request.method or "").lower()
            handler = self.http_method_not_allowed
            if method in self.http_method_names:
                handler = getattr(self, method, handler)
            response = self._answered(lambda: handler(self.request, *args, **kwargs))
        except Exception as exc:  # noqa: BLE001 — every exception has an answer, see config.api.exceptions
            response = answer_to(self._meant(exc), request)
        self._let_go_of_body()
        return self._finished(response)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who is it, may they, not too often, and is what concerns every view well-formed."""
        self.format_kwarg = None
        try:
            self.perform_authentication(request)
        except Exception:
            # A guesser of tokens is counted by address; who is refused for that hears so.
            request.user = None  # type: ignore[assignment]
            self.check_throttles(request)
            raise
        prefer_language(request._request, request.user)
        neg = self.perform_content_negotiation(request)
        request.accepted_renderer, request.accepted_media_type = neg
        self.check_throttles(request)
        self._check_scope(request)
        self.check_permissions(request)
        if self.waits:
            self.wait_seconds = waiting.seconds_of(said_once(request.query_params, "wait"))

    def _check_scope(self, request: Request) -> None:
        """Of methods that this view doesn't have, it is said later that it doesn't have them."""
        if request.user is not None and request.method in self.allowed_methods:
            needed = scopes.needed_scope(self.scope, request.method, self.session_methods)
            scopes.check_scope(needed, self.caller.scopes)

    def throttled(self, request: Request, wait: float | None) -> NoReturn:
        raise RateLimitedError(retry_after=wait)

    def _answered(self, work: Callable[[], Any]) -> HttpResponseBase:
        if self.request.method == "POST":
            key = idempotency.key_of(self.request)
            if key is not None and self.keeps_answers and self.request.user is not None:
                return self._answered_once(key, work)
            self.prepare()
        result = work()
        return self._waited(self._response(result), getattr(result, "job_id", None))

    def _answered_once(self, key: str, work: Callable[[], Any]) -> HttpResponseBase:
        claimed = idempotency.claim(
            owner_id=self.caller.pk,
            key=key,
            route=idempotency.route_of(self.request),
            request_hash=idempotency.fingerprint(self.request),
        )
        if isinstance(claimed, idempotency.Kept):
            return self._waited(claimed.response(), claimed.job_id)
        try:
            self.prepare()
            with transaction.atomic() if self.works_in_transaction else nullcontext():
                result = work()
                job_id = getattr(result, "job_id", None)
                response = self._response(result)
                idempotency.keep(claimed, response, job_id)
        except BaseException:
            idempotency.release(claimed)
            raise
        return self._waited(response, job_id)

    def _waited(self, response: HttpResponseBase, job_id: Any) -> HttpResponseBase:
        """The finished job instead of the promise of one, when the caller waits and it finishes in time."""
        if job_id is None or not self.wait_seconds:
            return response
        if not waiting.wait_for(str(job_id), self.wait_seconds):
            return response
        answer = self._response(self.finished(UUID(str(job_id))))
        for name in ("Location", idempotency.REPLAYED):
            if name in response.headers:
                answer.headers[name] = response.headers[name]
        return answer

    def _response(self, result: Any) -> Any:
        if isinstance(result, HttpResponseBase):
            return result
        answer = result if isinstance(result, Answer) else Answer(result)
        if answer.status == 204:
            return HttpResponse(status=204, headers=answer.headers)
        body = success_body(answer.data)
        if isinstance(answer, Detail):
            etag = answer.etag or etags.body_etag(body)
            known = self.request.META.get("HTTP_IF_NONE_MATCH")
            if known and self.request.method in ("GET", "HEAD") and etags.matches(known, etag):
                return HttpResponse(status=304, headers={"ETag": etag})
            answer.headers["ETag"] = etag
        return HttpResponse(body, status=answer.status, content_type=JSON, headers=answer.headers)

    def _meant(self, exc: Exception) -> Exception:
        """A row that belongs to nobody, or an owner who isn't there, is no fault of ours if the account was deleted
        while this request was under way."""
        if isinstance(exc, IntegrityError | ObjectDoesNotExist):
            known_by = self.request.successful_authenticator
            try:
                if known_by is not None:
                    known_by.authenticate(self.request)
            except AppError as gone:
                return gone
        return exc

    def _let_go_of_body(self) -> None:
        """The framework ties view, request and serializer to each other: what was read from a body of megabytes would
        wait for the cycle collector."""
        data: Any = getattr(self.request, "_full_data", None)
        if type(data) in (dict, list):  # of our parser, not the framework's for an empty body
            data.clear()

    def _finished(self, response: HttpResponseBase) -> HttpResponseBase:
        headers = response.headers
        for name, value in self.headers.items():
            headers.setdefault(name, value)
        if response.status_code in (204, 304):
            del headers["Content-Type"]  # of nothing
        if self.rate_window is not None:
            for name, value in self.rate_window.headers().items():
                headers[name] = value
        if "Cache-Control" not in headers:
            is_read = self.request.method in ("GET", "HEAD")
            headers["Cache-Control"] = "private, no-cache" if is_read else "no-store"
        self.response = response  # type: ignore[assignment]
        return response
