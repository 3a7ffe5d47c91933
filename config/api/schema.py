"""How an operation of the API is described, next to the method that does it. `config.api.openapi` makes the schema."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from config.errors import AppError

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Operation:
    """What the schema says of one method of a view; see `operation`."""

    summary: str
    description: str
    request: Any
    request_example: Any
    response: Any
    status: int
    finished: Any
    known: str
    media_types: tuple[str, ...]
    many: bool
    example: Any
    errors: tuple[type[AppError], ...]
    parameters: tuple[Any, ...]
    operation_id: str | None
    is_deprecated: bool


def operation(
    summary: str,
    *,
    description: str = "",
    request: Any = None,
    request_example: Any = None,
    response: Any = None,
    status: int = 200,
    finished: Any = None,
    known: str = "",
    media_types: Sequence[str] = (),
    many: bool = False,
    example: Any = None,
    errors: Sequence[type[AppError]] = (),
    parameters: Sequence[Any] = (),
    operation_id: str | None = None,
    is_deprecated: bool = False,
) -> Callable[[Decorated], Decorated]:
    """Describe one method of an `ApiView`. Every method needs it.

    `request` and `response` are serializer classes, read models or JSON schema dicts. A response that isn't named is
    the view's read model (204 has none); `finished` is what a 202's view answers 200 with when that is another shape,
    and `known` says what 200 means of a 201's view that may find the thing there already. `parameters` are
    `OpenApiParameter`s, or the serializer class that reads the query string. With requests of several media types,
    `request_example` has one for each. `media_types` are those of files and streams, which have no envelope.
    `example` is what stands under `data`, for `many` one row of the page. The examples of a read model, and of a
    request whose fields it has, are made of those of its fields. Name in `errors` what this operation can say beyond
    what all of them can: not logged in, malformed, invalid, not found (with a key in the path), too many requests.

        @operation("Create a prompt", request=PromptCreateIn, status=201, errors=[BudgetExceededError])
        def post(self, request: Request) -> Created: …
    """
    described = Operation(
        summary=summary,
        description=description or summary,
        request=request,
        request_example=request_example,
        response=response,
        status=status,
        finished=finished,
        known=known,
        media_types=tuple(media_types),
        many=many,
        example=example,
        errors=tuple(errors),
        parameters=tuple(parameters),
        operation_id=operation_id,
        is_deprecated=is_deprecated,
    )

    def decorate(method: Decorated) -> Decorated:
        method.described = described  # type: ignore[attr-defined]
        return method

    return decorate


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several shapes, as a component of this name."""

    name: str
    shapes: tuple[Any, ...]

    def __init__(self, name: str, *shapes: Any) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "shapes", shapes)
