"""Generated requests: whatever a client sends, the answer is one that the schema promises, and never a 500.

schemathesis makes requests for each operation out of the schema, the same ones in each run: valid ones with the keys of
the caller's own rows, and such as break a rule of the schema. Each is undone, so that one that ends the session or the
account leaves it to the next.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, CheckFunction
from schemathesis.core.failures import Failure, FailureGroup

from accounts.models import User
from accounts.selectors.users import principal_forget_all
from accounts.services.sessions import session_start
from config.api import waiting
from tests.architecture.test_strangers import PARTS, key_models
from tests.support.promises import COMMITTED
from tests.support.rows import make_rows

pytestmark = pytest.mark.once

EXAMPLES = 4
#: Not asked: whether there is a 5xx at all: nothing answers at the providers here, and a 502 or 503 says so. A 500 is
#: looked for by us.
NOT_ASKED = {"not_a_server_error"}
#: What a schema can tell of a request: whoever is refused for it, has sent what the schema forbids. Other codes are
#: rules between fields, between rows, or about letters.
TOLD_BY_A_SCHEMA = {
    "required", "null", "blank", "empty", "invalid", "invalid_choice", "not_a_list", "max_length", "min_length",
    "max_value", "min_value", "unknown_field", "unknown_parameter", "unknown_sort", "repeated",
    "MALFORMED_REQUEST", "UNSUPPORTED_MEDIA_TYPE", "IDEMPOTENCY_KEY_INVALID",
}  # fmt: skip
#: But for these: one field is needed for the sake of another's value, two are in an order, letters are of any script,
#: a text holds three lengths.
BUT_NOT = {
    "login: required", "api_key: required", "base_url: required",
    "first_day: invalid", "from: invalid", "username: invalid", "bed: invalid",
}  # fmt: skip
#: A prompt's variables are checked one by one, by the type that each has.
OWN_RULES = "variables."
#: What Python takes for a space and nobody else does.
ODD_SPACE = re.compile(rb"\\u001[c-f]")
NUL = "NUL"  # no text may hold it; a pattern for it on each would say so of each


#: The same, said in two ways. schemathesis joins the one with a field's longest length to `^\S{1,50000}$`, which holds
#: no space and takes seconds to compile; the other it leaves as it is.
VISIBLE, VISIBLE_AND_LEFT_ALONE = (json.dumps(pattern) for pattern in (r"\S", r"\S|\S"))


@pytest.fixture(scope="module")
def schema() -> Any:
    """The committed one, with the WSGI application behind it. Both modes share what is made out of it."""
    text = COMMITTED.read_text("utf-8").replace(
        f'"pattern": {VISIBLE}', f'"pattern": {VISIBLE_AND_LEFT_ALONE}'
    )
    found = schemathesis.openapi.from_dict(json.loads(text))
    found.app, found.location = get_wsgi_application(), "/openapi.json"
    return found


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """The connection of the test's transaction outlives its requests."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def _nobody_waits() -> Iterator[None]:
    """No worker runs: whoever asks with `?wait=` would be told after so many seconds that the job hasn't ended."""
    before = waiting.register(None)
    yield
    waiting.register(before)


def not_asked(*besides: str) -> list[CheckFunction]:
    return CHECKS.get_by_names(sorted({*NOT_ASKED, *besides}))


def fits_no_rule(response: Any) -> bool:
    """Whether the request was refused for nothing that its schema could have told."""
    if not 400 <= response.status_code < 500:
        return False
    data = response.json()["data"]
    if NUL in data["message"]:
        return True
    if data["code"] != "VALIDATION_FAILED":
        return data["code"] not in TOLD_BY_A_SCHEMA
    return all(
        one["code"] not in TOLD_BY_A_SCHEMA
        or f"{one['field']}: {one['code']}" in BUT_NOT
        or one["code"] == "blank"
        and ODD_SPACE.search(response.request.body or b"")
        or OWN_RULES in one["field"]
        for one in data["details"]["fields"]
    )


def findings(operation: Any, headers: dict[str, str], keys: dict[str, Any], mode: GenerationMode) -> set[str]:
    """What schemathesis finds in the answers to requests for this operation, valid or not."""
    found: set[str] = set()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:
            case.path_parameters |= {name: str(keys[name]) for name in case.path_parameters}
        with transaction.atomic():
            response = case.call(headers=headers)
            transaction.set_rollback(True)
        principal_forget_all()
        if response.status_code == 500:
            found.add(f"{operation.label}: 500 for {case.as_curl_command()}")
        try:
            ours = ["positive_data_acceptance"] if fits_no_rule(response) else []
            case.validate_response(response, headers=headers, excluded_checks=not_asked(*ours))
        except (Failure, FailureGroup) as problem:
            found.add(f"{operation.label}: {problem}")

    with suppress(Unsatisfiable):  # an operation that takes nothing can't be asked wrongly
        ask()
    return found


@pytest.mark.usefixtures("_one_connection", "_nobody_waits")
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
def test_every_answer_is_one_that_the_schema_promises(
    schema: Any,
    alice: User,
    mode: GenerationMode,
) -> None:
    keys: dict[str, Any] = PARTS | {
        name: make_rows(model, 1, alice).pk for name, model in key_models().items()
    }
    headers = {"Authorization": f"Bearer {session_start(user=alice).access}"}
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 50
    found = [one for operation in operations for one in sorted(findings(operation, headers, keys, mode))]
    assert not found, "\n\n".join(found)
