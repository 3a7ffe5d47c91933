"""The one place where an exception becomes an answer."""

import sys
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import (
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.core.signals import got_request_exception
from django.db.utils import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views import defaults
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError
from rest_framework import exceptions as drf
from rest_framework.request import Request

from config import errors
from config.api.addresses import route_of
from config.api.language import language_of
from config.api.problems import field_problems, model_problems
from config.api.renderers import JSON, to_json
from config.errors import AppError

log = structlog.get_logger(__name__)

#: The framework's exceptions that say no more than their class does.
SAME_MEANING: tuple[tuple[type[Exception], type[AppError]], ...] = (
    (Http404, errors.NotFoundError),
    (drf.NotFound, errors.NotFoundError),
    (drf.NotAuthenticated, errors.NotAuthenticatedError),
    (drf.AuthenticationFailed, errors.TokenInvalidError),
    (PermissionDenied, errors.PermissionDeniedError),
    (drf.PermissionDenied, errors.PermissionDeniedError),
    (drf.MethodNotAllowed, errors.MethodNotAllowedError),
    (drf.NotAcceptable, errors.NotAcceptableError),
    (drf.UnsupportedMediaType, errors.UnsupportedMediaTypeError),
)
#: A database or broker that is gone, locked or full of waiting requests.
UNREACHABLE = (OperationalError, InterfaceError, BrokerError, RedisError)


def exception_handler(exc: Exception, context: dict[str, Any]) -> HttpResponse:
    """REST_FRAMEWORK["EXCEPTION_HANDLER"]. Never returns None: every exception has an answer."""
    request = context.get("request")
    http_request = request._request if isinstance(request, Request) else request
    return answer_to(exc, http_request)


def answer_to(exc: Exception, request: HttpRequest | None) -> HttpResponse:
    """The answer to an exception; logs what is our fault, exactly once."""
    error = as_app_error(exc)
    if error is None:
        log.error("request.failed", route=route_of(request), exc_info=exc)
        # Error trackers and the test client listen to this.
        got_request_exception.send(sender=None, request=request)
        error = errors.InternalError(charged=None)
    elif isinstance(exc, UNREACHABLE):
        first_line = (str(exc).splitlines() or [""])[0]
        log.error("dependency.unreachable", kind=type(exc).__name__, reason=first_line)
    return error_response(error, request)


def as_app_error(exc: Exception) -> AppError | None:
    """The registered error that means the same; None when nobody anticipated this."""
    if isinstance(exc, AppError):
        return exc
    if isinstance(exc, drf.ValidationError):
        return errors.ValidationFailedError(details=field_problems(exc.detail))
    if isinstance(exc, ValidationError):
        return errors.ValidationFailedError(details=field_problems(model_problems(exc)))
    for theirs, ours in SAME_MEANING:
        if isinstance(exc, theirs):
            return ours()
    if isinstance(exc, drf.Throttled):
        return errors.RateLimitedError(retry_after=getattr(exc, "wait", None))
    if isinstance(exc, RequestDataTooBig):
        return errors.BodyTooLargeError(limit=settings.MAX_BODY_BYTES)
    if isinstance(exc, drf.ParseError | SuspiciousOperation | UnreadablePostError):
        return errors.MalformedError(reason=str(exc) or type(exc).__name__)
    if isinstance(exc, UNREACHABLE):
        return errors.ServiceUnavailableError(retry_after=2)
    return None


def error_body(error: AppError, request: HttpRequest | None) -> dict[str, Any]:
    """4xx as JSend's `fail`, 5xx as its `error`, in the caller's language; `data` is of one shape in both."""
    data = {
        "code": error.code,
        "message": error.message(language_of(request)),
        "details": error.details,
        "retryable": error.retryable,
        "charged": error.charged,
        "request_id": getattr(request, "request_id", ""),
    }
    if error.status < 500:
        return {"status": "fail", "data": data}
    return {"status": "error", "code": data["code"], "message": data["message"], "data": data}


def error_response(error: AppError, request: HttpRequest | None) -> HttpResponse:
    body = error_body(error, request)
    response = HttpResponse(to_json(body), status=error.status, content_type=JSON)
    response.headers["Cache-Control"] = "no-store"
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if error.status == 401:
        reason = ', error="invalid_token"' if error.code == errors.TokenInvalidError.code else ""
        response.headers["WWW-Authenticate"] = f'Bearer realm="atelier"{reason}'
    elif isinstance(error, errors.ScopeMissingError):  # RFC 6750, section 3.1
        scope = error.params["needed"]
        response.headers["WWW-Authenticate"] = (
            f'Bearer realm="atelier", error="insufficient_scope", scope="{scope}"'
        )
    return response


# -- addresses outside of the framework: config.urls names these as handler400 … handler500 ----------------------


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_page(request):
        return defaults.bad_request(request, exception)
    if isinstance(exception, DisallowedHost):
        return error_response(errors.HostUnknownError(), request)
    return error_response(errors.MalformedError(reason=type(exception).__name__), request)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_page(request):
        return defaults.permission_denied(request, exception)
    return error_response(errors.PermissionDeniedError(), request)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _is_page(request):
        return defaults.page_not_found(request, exception or Http404())
    return error_response(errors.AddressUnknownError(), request)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this inside its own `except` block, after middleware or a plain view has failed."""
    exc = sys.exc_info()[1]
    error = as_app_error(exc) if isinstance(exc, Exception) else None
    if error is None:
        log.error("request.failed", route=route_of(request), exc_info=exc)
        error = errors.InternalError(charged=None)
    return defaults.server_error(request) if _is_page(request) else error_response(error, request)


def _is_page(request: HttpRequest) -> bool:
    """Whether a person looks at the answer, in the admin."""
    return request.path.startswith("/admin/")
