"""OpenAPI: the schema of every operation, with what all operations of the house have in common."""

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer
from rest_framework.serializers import EmailField, ListField

from config import errors
from config.api.envelopes import (
    ERROR,
    FAIL,
    FAILURE_PARTS,
    MATCHES,
    META,
    META_EXAMPLE,
    SUCCESS,
    error_example,
)
from config.api.lists.plain import plain_serializer
from config.api.renderers import JSON
from config.api.schema import OneOf, Operation
from config.api.scopes import OPEN, SCOPES, SESSION_ONLY, needed_scope
from config.api.serializers import StrictSerializer
from config.api.waiting import LONGEST_SECONDS
from config.errors import AppError

Schema = dict[str, Any]


def _is_read_model(shape: Any) -> bool:
    return isinstance(shape, type) and hasattr(shape, "members")


def _serializer_of(shape: Any) -> Any:
    if _is_read_model(shape):
        return plain_serializer(shape)
    if isinstance(shape, OneOf):
        return PolymorphicProxySerializer(
            component_name=shape.name,
            serializers=[_serializer_of(one) for one in shape.shapes],
            resource_type_field_name=None,
        )
    return shape


def request_example(serializer_class: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """A body for the documentation: what is required, and what `known` (the read model's example) has a value for.

    Raises ImproperlyConfigured when a required field has none: then the operation must say `request_example`.
    """
    fields = serializer_class().fields
    missing = [name for name, field in fields.items() if field.required and name not in known]
    if missing:
        raise ImproperlyConfigured(
            f"{serializer_class.__name__} needs a request_example: nothing is known of {missing}"
        )
    return {name: known[name] for name in fields if name in known}


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


#: What a method does, as the first word of its operation's id.
VERBS = {"GET": "get", "POST": "create", "PUT": "put", "PATCH": "update", "DELETE": "delete"}
LIST_VERBS = {**VERBS, "GET": "list", "DELETE": "clear"}
WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def operation_id_of(view_class: type, method: str) -> str:
    """`listProjects`, `createProject`, `getProject`, `updateProject`; of an action's view, `pauseBatch`."""
    name = view_class.__name__.removesuffix("Api")
    if name.endswith("List"):
        noun = name.removesuffix("List")
        return LIST_VERBS[method] + (noun if method == "POST" else plural(noun))
    *words, action = WORDS.split(name)
    if method == "POST" and words:
        return action.lower() + "".join(words)
    return VERBS[method] + name


def plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"


class AtelierSchema(AutoSchema):
    """Reads what `operation` was told, and adds the envelope, errors and headers that `ApiView` gives to all."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Any:
        found = super().get_operation(path, path_regex, path_prefix, method, registry)
        described = self.described
        if found is None or described is None:
            return found
        if any(found.get("security", [])):
            self._add_scope(found)
        else:
            found.pop("security", None)
        self._add_request(found, described)
        for status in self._successes(described):
            self._wrap_success(found["responses"][str(status)], described, status)
        if EVENT_STREAM in described.media_types:
            found["responses"]["204"] = ENDED
        self._add_errors(found, described)
        found["parameters"] = [*found.get("parameters", []), *self._own_parameters()]
        return found

    @property
    def described(self) -> Operation | None:
        found: Operation | None = getattr(getattr(self.view, self.method.lower(), None), "described", None)
        return found

    def get_summary(self) -> str | None:
        return self.described.summary if self.described else None

    def get_description(self) -> str:  # type: ignore[override]
        return self.described.description if self.described else ""

    def get_tags(self) -> list[str]:
        """A view's tag, which is called like its scope unless it says otherwise."""
        view: Any = self.view
        return [getattr(view, "tag", "") or getattr(view, "scope", "")]

    def get_operation_id(self) -> str:
        given = self.described.operation_id if self.described else None
        return given or operation_id_of(type(self.view), self.method)

    def is_deprecated(self) -> bool:
        return self.described is not None and self.described.is_deprecated

    def get_override_parameters(self) -> Any:
        return list(self.described.parameters) if self.described else []

    def get_request_serializer(self) -> Any:
        return self.described.request if self.described else None

    def get_response_serializers(self) -> Any:
        described = self.described
        if described is None:
            return None
        found: dict[Any, Any] = {}
        for status, text in self._successes(described).items():
            shown = self._shown(described, status)
            # JSON first: generated clients read the first kind that they know.
            if shown is not None or not described.media_types:
                found[status, JSON] = OpenApiResponse(response=shown, description=text)
            for media_type in described.media_types:
                kind: Any = OpenApiTypes.STR if media_type.startswith("text/") else OpenApiTypes.BINARY
                if media_type == EVENT_STREAM:
                    kind = STREAM
                found[status, media_type] = OpenApiResponse(response=kind, description=text)
        return found

    def _shown(self, described: Operation, status: int) -> Any:
        row = _serializer_of(self._response_shape(described, status))
        return row(many=True) if described.many and row is not None else row

    def _get_serializer_name(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> str:
        """`ProjectOut` is `Project` to readers of the schema, `ProjectCreateIn` is `ProjectCreate`, and as the body of
        a PATCH `ProjectUpdate`."""
        name: str = super()._get_serializer_name(serializer, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        name = name.removesuffix("Request").removesuffix("Out").removesuffix("In")
        if name.startswith("Patched"):
            name = name.removeprefix("Patched").removesuffix("Create").removesuffix("Update") + "Update"
        return name

    def _response_shape(self, described: Operation, status: int) -> Any:
        if described.finished is not None and status != described.status:
            return described.finished
        if described.response is not None or status == 204:
            return described.response
        return getattr(self.view, "read_model", None)

    def _successes(self, described: Operation) -> dict[int, str]:
        """The statuses of success: who waits gets 200 with what 202 only promises, and who asks for what is there
        already gets that."""
        waited = described.status == 202 and getattr(self.view, "waits", False)
        finished = {200: "Finished, within the seconds of `wait` or at once."} if waited else {}
        known = {200: described.known} if described.known else {}
        return {**finished, **known, described.status: described.summary}

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        """Names of hosts may have letters of any script; some lists may not be empty."""
        mapped = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if isinstance(field, EmailField):
            return {**mapped, "format": "idn-email"}
        is_full = isinstance(field, ListField) and not field.allow_empty
        return {**mapped, "minItems": 1} if is_full else mapped

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Schema:
        """Anything or null is anything: as the exclusive choice that the framework writes, null would be neither. The
        same with an empty text for those who take every text for an address."""
        mapped: Schema = super()._map_basic_serializer(serializer, direction)
        if isinstance(serializer, StrictSerializer):
            mapped["additionalProperties"] = False
        for member in mapped.get("properties", {}).values():
            if member.get("oneOf") == [{}, {"type": "null"}]:
                del member["oneOf"]
            elif EMPTY_TEXT in member.get("oneOf", []):
                member["anyOf"] = member.pop("oneOf")
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
        if described.request is not None:
            example = self._request_example(described)
            bodies = found["requestBody"]["content"]
            if len(bodies) > 1:  # none of them is a form that may be left out
                found["requestBody"]["required"] = True
            for media_type, content in bodies.items():
                shown = example[media_type] if len(bodies) > 1 else example
                content["examples"] = {"example": {"value": shown}}

    def _request_example(self, described: Operation) -> Any:
        if described.request_example is not None:
            return described.request_example
        read_model = getattr(self.view, "read_model", None)
        return request_example(described.request, read_model.example() if read_model else {})

    def _response_example(self, described: Operation, status: int) -> Any:
        shape = self._response_shape(described, status)
        if isinstance(shape, OneOf):
            shape = shape.shapes[0]
        if described.example is None and _is_read_model(shape):
            return shape.example()
        return described.example

    def _wrap_success(self, response: Schema, described: Operation, status: int) -> None:
        response["headers"] = {**response.get("headers", {}), **self._headers(described, status)}
        content = response.get("content", {}).get(JSON)
        if content is None:
            return
        example = self._response_example(described, status)
        data = {**content["schema"], "description": "What was asked for."}
        properties: Schema = {"status": SUCCESS, "data": data}
        shown: Schema = {"status": "success", "data": [example] if described.many else example}
        if described.many:
            meta = self._component("ListMeta", META)
            properties["meta"] = {**meta, "description": "Where this page stands in the list."}
            shown["meta"] = META_EXAMPLE
        name = self._envelope_name(properties["data"], described)
        spec = getattr(self.view, "spec", None)
        if described.many and spec is not None and spec.search is not None:
            data["items"] = self._found(data["items"])
        envelope = {"type": "object", "required": list(properties), "properties": properties}
        content["schema"] = self._component(name, envelope)
        content["examples"] = {"example": {"value": shown}}

    def _found(self, row: Schema) -> Schema:
        """A row of a list that can be searched: where the words stand, besides all that it is elsewhere."""
        name = row["$ref"].rpartition("/")[2]
        known = deepcopy(
            self.registry[name, ResolvedComponent.SCHEMA].schema
        )  # hooks change schemas in place
        properties = {**known["properties"], "matches": deepcopy(MATCHES)}
        return self._component(f"Found{name}", {**known, "properties": properties})

    def _envelope_name(self, data: Schema, described: Operation) -> str:
        """One envelope for each thing and one for pages of it, whichever operations answer with them."""
        row = data.get("items", data) if described.many else data
        name = row.get("$ref", "").rpartition("/")[2]
        if not name:
            operation_id = self.get_operation_id()
            name = operation_id[0].upper() + operation_id[1:]
        return f"{name}Page" if described.many else f"{name}Answer"

    def _add_errors(self, found: Schema, described: Operation) -> None:
        for name, schema in FAILURE_PARTS.items():
            self._component(name, schema)
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
        takes_a_body = self.described is not None and self.described.request is not None
        if takes_a_body or self.method in ("POST", "PATCH", "PUT"):
            usual += [
                errors.MalformedError,
                errors.BodyTooLargeError,
                errors.UnsupportedMediaTypeError,
                errors.ValidationFailedError,
            ]
        elif self.described and self.described.parameters:
            usual.append(errors.ValidationFailedError)
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
            own.append(_parameter("Idempotency-Key", "header", IDEMPOTENCY_KEY, text))
        if self.described and errors.PreconditionFailedError in self.described.errors:
            own.append(_parameter("If-Match", "header", {"type": "string"}, "An ETag; stale: 412."))
        if getattr(self.view, "waits", False):
            seconds = {"type": "number", "minimum": 0, "maximum": LONGEST_SECONDS}
            own.append(
                _parameter("wait", "query", seconds, "Seconds to wait for the job's result in this answer.")
            )
        return own

    def _headers(self, described: Operation, status: int) -> Schema:
        names = {"X-Request-ID": "Under which the request is logged."}
        if status in (201, 202):
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


EMPTY_TEXT: Schema = {"type": "string", "maxLength": 0}
IDEMPOTENCY_KEY: Schema = {"type": "string", "maxLength": 255, "pattern": "^[!-~]+$"}
EVENT_STREAM = "text/event-stream"
STREAM: Schema = {
    "type": "string",
    "description": "Server-sent events, as a browser's `EventSource` reads them.",
    "examples": ['id: 1\nevent: started\ndata: {"seq": 1, "type": "started"}\n\n'],
}
ENDED: Schema = {"description": "There is nothing more to come: an `EventSource` doesn't connect again."}
