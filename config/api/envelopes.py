"""The envelopes around all answers, as the schema has them: success, a page of a list, and what failed."""

from typing import Any

from config import errors
from config.errors import AppError

Schema = dict[str, Any]

SUCCESS: Schema = {"type": "string", "const": "success", "description": "It worked."}

META_EXAMPLE = {
    "page": 1,
    "limit": 20,
    "total": 1,
    "total_is_capped": False,
    "pages": 1,
    "has_next": False,
    "next_cursor": None,
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

MATCHES: Schema = {
    "type": "array",
    "description": "Only with a search: for each text that has a word of it, the piece where it stands.",
    "items": {
        "type": "object",
        "required": ["field", "text", "marks"],
        "properties": {
            "field": {"type": "string", "description": "Which of the row's texts."},
            "text": {"type": "string", "description": "A piece of it, as it stands there."},
            "marks": {
                "type": "array",
                "description": "From which character (Unicode code point) of `text` to before which one.",
                "items": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
            },
        },
    },
}

CODE: Schema = {"type": "string", "description": "Stable; the table is in docs/errors.md."}
FIELD_PROBLEM: Schema = {
    "type": "object",
    "description": "What is wrong with one field of a request.",
    "required": ["field", "code", "message"],
    "properties": {
        "field": {
            "type": "string",
            "description": "Its path in the body, such as `items.0.name`, or its parameter; empty: the whole body.",
        },
        "code": {"type": "string", "description": "Which kind of mistake it is."},
        "message": {"type": "string"},
    },
}
DETAILS: Schema = {
    "type": "object",
    "description": "More about it for programs; which keys there are depends on the code, and there may be none.",
    "properties": {
        "fields": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/FieldProblem"},
            "description": "Of `VALIDATION_FAILED`: each field that is wrong, 20 at most.",
        },
        "more": {
            "type": "integer",
            "minimum": 0,
            "description": "Of `VALIDATION_FAILED`: how many fields are wrong besides.",
        },
    },
    "additionalProperties": True,
}
FAILURE: Schema = {
    "type": "object",
    "description": "Why there is no result.",
    "required": ["code", "message", "details", "retryable", "charged", "request_id"],
    "properties": {
        "code": CODE,
        "message": {"type": "string"},
        "details": DETAILS,
        "retryable": {"type": "boolean", "description": "Whether the same request may succeed later."},
        "charged": {
            "type": ["boolean", "null"],
            "description": "Whether money was spent; null: not known yet.",
        },
        "request_id": {"type": "string"},
    },
    # `/health/detailed` says beside them which part it is.
    "additionalProperties": True,
}
#: What the envelopes of failures refer to.
FAILURE_PARTS = {"FieldProblem": FIELD_PROBLEM, "Failure": FAILURE}
FAIL: Schema = {
    "type": "object",
    "required": ["status", "data"],
    "properties": {
        "status": {"type": "string", "const": "fail", "description": "The request was at fault."},
        "data": {"$ref": "#/components/schemas/Failure"},
    },
}
ERROR: Schema = {
    "type": "object",
    "required": ["status", "code", "message", "data"],
    "properties": {
        "status": {"type": "string", "const": "error", "description": "The server was at fault."},
        "code": CODE,
        "message": {"type": "string"},
        "data": {"$ref": "#/components/schemas/Failure"},
    },
}


def error_example(kind: type[AppError]) -> Schema:
    """The body of such an error."""
    data = {
        "code": kind.code,
        "message": kind.en,
        "details": {},
        "retryable": kind.retryable,
        "charged": None if kind is errors.InternalError else False,
        "request_id": "0193f2a41c7d7e0a8f52b6c1d9e3a470",
    }
    if kind.status < 500:
        return {"status": "fail", "data": data}
    return {"status": "error", "code": kind.code, "message": kind.en, "data": data}
