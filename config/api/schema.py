"""OpenAPI: how an operation is described, and what every operation of the house has in common."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from config import errors
from config.api.renderers import JSON
from config.api.scopes import OPEN, SCOPES, SESSION_ONLY, needed_scope
from config.api.waiting import LONGEST_SECONDS
from config.errors import AppError

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Schema = dict[str, Any]

META_EXAMPLE = {
    "page": 1,
    "limit": 20,
    "total": 1,
    "total_is_capped": False,
    "pages": 1,
    "has_next": False,
    "next_cursor": None,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What `operation` was told beyond what drf-spectacular keeps."""

    status: int
    many: bool
    example: Any
    request: Any
    request_example: Any
    errors: tuple[type[AppError], ...]


def operation(
    summary: str,
    *,
    tag: str,
    example: Any = None,
    description: str = "",
    request: Any = None,
    request_example: Any = None,
    response: Any = None,
    status: int = 200,
    many: bool = False,
    errors: Sequence[type[AppError]] = (),
    parameters: Sequence[OpenApiParameter] = (),
    operation_id: str | None = None,
) -> Callable[[Decorated], Decorated]:
    """Describe one method of an `ApiView`. Every method needs it, with an example unless it answers 204.

    `request` and `response` are serializer classes, read models or JSON schema dicts; `example` is what stands under
    `data`, for `many` one row of the page. Name in `errors` what this operation can say beyond what all of them can:
    not logged in, malformed, invalid, not found (with a key in the path), too many requests. The default
    `operation_id` is `<app>_<class without Api>_<method>`.

        @operation("Create a prompt", tag="prompts", request=PromptCreateIn, request_example={…},
                   response=PromptOut, status=201, example={…}, errors=[BudgetExceededError])
        def post(self, request: Request) -> Created: …
    """
    row = _serializer_of(response)
    shown = row(many=True) if many else row
    described = Operation(status, many, example, request, request_example, tuple(errors))

    def decorate(method: Decorated) -> Decorated:
        method = extend_schema(
            operation_id=operation_id,
            summary=summary,
            description=description or summary,
            tags=[tag],
            parameters=list(parameters),
            request=request,
            responses={status: OpenApiResponse(response=shown, description=summary)},
        )(method)
        method.described = described  # type: ignore[attr-defined]
        return method

    return decorate


def _serializer_of(shape: Any) -> Any:
    if isinstance(shape, type) and hasattr(shape, "members"):
        from config.api.lists.plain import plain_serializer  # which imports this module

        return plain_serializer(shape)
    return shape


SECURITY_DESCRIPTION = """A session's token (from logging in) or an access token (`atl_live_…`, `atl_test_…`).

An access token does what its scopes allow. Each operation names the one that it needs; without it the answer is 403
`SCOPE_MISSING`. What no access token may do answers 403 `SESSION_NEEDED`. The scopes:

"""


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Told by name: the kernel imports no app."""

    target_class = "accounts.api.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> Any:
        scopes = "\n".join(f"- `{name}`: {text}" for name, text in SCOPES.items())
        return {"type": "http", "scheme": "bearer", "description": SECURITY_DESCRIPTION + scopes}

    def get_security_requirement(self, auto_schema: AutoSchema) -> Any:
        """OpenAPI 3.1 lets every kind of security name the roles that it needs (section 4.8.30)."""
        needed = _needed_scope(auto_schema)
        return {self.name: [needed] if needed in SCOPES else []}


def _needed_scope(auto_schema: AutoSchema) -> str:
    view: Any = auto_schema.view
    return needed_scope(
        getattr(view, "scope", ""), auto_schema.method, getattr(view, "session_methods", frozenset())
    )


class AtelierSchema(AutoSchema):
    """Adds the envelope, the errors and the headers that `ApiView` gives to every operation."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Any:
        found = super().get_operation(path, path_regex, path_prefix, method, registry)
        described = getattr(getattr(self.view, method.lower(), None), "described", None)
        if found is None or described is None:
            return found
        if any(found.get("security", [])):
            self._add_scope(found)
        else:
            found.pop("security", None)
        self._add_request(found, described)
        self._wrap_success(found["responses"][str(described.status)], described)
        self._add_errors(found, described)
        found["parameters"] = [*found.get("parameters", []), *self._own_parameters()]
        return found

    def get_operation_id(self) -> str:
        app = type(self.view).__module__.partition(".")[0]
        name = type(self.view).__name__.removesuffix("Api")
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
        return f"{app}_{words}_{self.method.lower()}"

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Schema:
        """Anything or null is anything: as the exclusive choice that the framework writes, null would be neither."""
        mapped: Schema = super()._map_basic_serializer(serializer, direction)
        for member in mapped.get("properties", {}).values():
            if member.get("oneOf") == [{}, {"type": "null"}]:
                del member["oneOf"]
        return mapped

    def _add_scope(self, found: Schema) -> None:
        """The security requirement again, where people read."""
        needed = _needed_scope(self)
        if needed == OPEN:
            return
        if needed == SESSION_ONLY:
            text = "For sessions only: no access token may do this."
        else:
            text = f"Access tokens need the scope `{needed}`."
        found["description"] = f"{found.get('description', '')}\n\n{text}".strip()

    def _add_request(self, found: Schema, described: Operation) -> None:
        if self.method == "DELETE" and described.request is not None:
            schema, _ = self._get_request_for_media_type(described.request)
            found["requestBody"] = {"content": {JSON: {"schema": schema}}, "required": True}
        if described.request_example is not None:
            for content in found["requestBody"]["content"].values():
                content["examples"] = {"example": {"value": described.request_example}}

    def _wrap_success(self, response: Schema, described: Operation) -> None:
        response["headers"] = {**response.get("headers", {}), **self._headers(described)}
        content = response.get("content", {}).get(JSON)
        if content is None:
            if described.example is not None and described.status != 204:
                content = response.setdefault("content", {}).setdefault(JSON, {"schema": {}})
            else:
                return
        properties: Schema = {"status": {"type": "string", "enum": ["success"]}, "data": content["schema"]}
        example: Schema = {
            "status": "success",
            "data": [described.example] if described.many else described.example,
        }
        if described.many:
            properties["meta"] = self._component("ListMeta", META)
            example["meta"] = META_EXAMPLE
        content["schema"] = {"type": "object", "required": list(properties), "properties": properties}
        content["examples"] = {"example": {"value": example}}

    def _add_errors(self, found: Schema, described: Operation) -> None:
        by_status: dict[int, list[type[AppError]]] = {}
        for error in dict.fromkeys([*self._usual_errors(), *described.errors]):
            by_status.setdefault(error.status, []).append(error)
        for status, kinds in sorted(by_status.items()):
            shape = self._component("Fail", FAIL) if status < 500 else self._component("Error", ERROR)
            examples = {kind.code: self._error_example(kind) for kind in kinds}
            found["responses"][str(status)] = {
                "description": " · ".join(kind.code for kind in kinds),
                "content": {JSON: {"schema": shape, "examples": examples}},
            }

    def _usual_errors(self) -> list[type[AppError]]:
        usual: list[type[AppError]] = [
            errors.RateLimitedError,
            errors.InternalError,
            errors.ServiceUnavailableError,
        ]
        if any(self.get_auth()):
            usual += [errors.NotAuthenticatedError, errors.TokenInvalidError, *self._scope_errors()]
        if self.method in ("POST", "PATCH", "PUT"):
            usual += [
                errors.MalformedError,
                errors.BodyTooLargeError,
                errors.UnsupportedMediaTypeError,
                errors.ValidationFailedError,
            ]
        if "{" in self.path:
            usual.append(errors.NotFoundError)
        if self._keeps_answers():
            usual += [errors.IdempotencyKeyReusedError, errors.IdempotencyInProgressError]
        return usual

    def _scope_errors(self) -> list[type[AppError]]:
        needed = _needed_scope(self)
        if needed == OPEN:
            return []
        return [errors.SessionNeededError if needed == SESSION_ONLY else errors.ScopeMissingError]

    def _keeps_answers(self) -> bool:
        return self.method == "POST" and getattr(self.view, "keeps_answers", False)

    def _own_parameters(self) -> list[Schema]:
        own = []
        if self.method == "POST":
            kept = "The same key and body get the first answer again, for 24 hours."
            not_kept = "Accepted, but nothing is kept: the answer holds secrets."
            text = kept if self._keeps_answers() else not_kept
            own.append(_parameter("Idempotency-Key", "header", {"type": "string", "maxLength": 255}, text))
        if self.method == "PATCH":
            own.append(_parameter("If-Match", "header", {"type": "string"}, "An ETag; stale: 412."))
        if getattr(self.view, "waits", False):
            seconds = {"type": "number", "minimum": 0, "maximum": LONGEST_SECONDS}
            own.append(
                _parameter("wait", "query", seconds, "Seconds to wait for the job's result in this answer.")
            )
        return own

    def _headers(self, described: Operation) -> Schema:
        names = {"X-Request-ID": "Under which the request is logged."}
        if described.status in (201, 202):
            names["Location"] = "Where it is."
        if not described.many and (self.method == "PATCH" or (self.method == "GET" and "{" in self.path)):
            names["ETag"] = "For If-None-Match and If-Match."
        return {name: {"schema": {"type": "string"}, "description": text} for name, text in names.items()}

    def _error_example(self, kind: type[AppError]) -> Schema:
        """Each error is shown once, among the components; operations refer to it."""
        example = ResolvedComponent(
            kind.code, ResolvedComponent.EXAMPLE, {"value": error_example(kind)}, kind
        )
        self.registry.register_on_missing(example)
        reference: Schema = example.ref
        return reference

    def _component(self, name: str, schema: Schema) -> Schema:
        component = ResolvedComponent(name, ResolvedComponent.SCHEMA, schema=schema, object=name)
        self.registry.register_on_missing(component)
        reference: Schema = component.ref
        return reference


def _parameter(name: str, place: str, schema: Schema, description: str) -> Schema:
    return {"in": place, "name": name, "schema": schema, "description": description}


def error_example(kind: type[AppError]) -> Schema:
    charged = None if kind is errors.InternalError else False
    facts = {
        "retryable": kind.retryable,
        "charged": charged,
        "request_id": "0193f2a41c7d7e0a8f52b6c1d9e3a470",
    }
    if kind.status < 500:
        return {"status": "fail", "data": {"code": kind.code, "message": kind.en, "details": None, **facts}}
    return {"status": "error", "code": kind.code, "message": kind.en, "data": facts}


FACTS: Schema = {
    "retryable": {"type": "boolean", "description": "Whether the same request may succeed later."},
    "charged": {"type": ["boolean", "null"], "description": "Whether money was spent; null: not known yet."},
    "request_id": {"type": "string"},
}
CODE: Schema = {"type": "string", "description": "Stable; the table is in docs/errors.md."}
FAIL: Schema = {
    "type": "object",
    "required": ["status", "data"],
    "properties": {
        "status": {"type": "string", "enum": ["fail"]},
        "data": {
            "type": "object",
            "required": ["code", "message", "details", *FACTS],
            "properties": {"code": CODE, "message": {"type": "string"}, "details": {}, **FACTS},
        },
    },
}
ERROR: Schema = {
    "type": "object",
    "required": ["status", "code", "message", "data"],
    "properties": {
        "status": {"type": "string", "enum": ["error"]},
        "code": CODE,
        "message": {"type": "string"},
        "data": {"type": "object", "required": list(FACTS), "properties": FACTS},
    },
}
NULLABLE_INTEGER: Schema = {"type": ["integer", "null"]}
META: Schema = {
    "type": "object",
    "required": list(META_EXAMPLE),
    "properties": {
        "page": NULLABLE_INTEGER,
        "limit": {"type": "integer"},
        "total": NULLABLE_INTEGER,
        "total_is_capped": {"type": "boolean", "description": "There are more than `total`."},
        "pages": NULLABLE_INTEGER,
        "has_next": {"type": "boolean"},
        "next_cursor": {"type": ["string", "null"]},
    },
}
