"""The status of a job and of a paid call is written by `generation.jobs` only, each time by its conditional UPDATEs."""

import ast
from collections.abc import Iterable, Iterator

import pytest

from tests.architecture.house import Source, calls, product, source

WRITERS = "generation/jobs/"
#: What makes or changes rows. Others (`HttpResponse(status=404)`) have a status of their own.
WRITES = {
    *(
        "update",
        "create",
        "aupdate",
        "acreate",
        "update_or_create",
        "get_or_create",
        "bulk_create",
        "bulk_update",
    ),
    *("change", "change_all", "Job", "ProviderCall"),
}
#: Modules that write the status of a row of their own.
OTHERS = {
    "config/api/idempotency.py": "IdempotencyRecord",
    "conversations/services/replies.py": "Message",
}


def status_writes(one: Source) -> Iterator[int]:
    """Lines that may write a status: by keyword, by attribute, by `update_fields`."""
    for name, call in calls(one.tree):
        if name in WRITES and any(word.arg == "status" for word in call.keywords):
            yield call.lineno
        for word in call.keywords:
            if word.arg in {"update_fields", "fields"} and name in {"save", "asave", "bulk_update"}:
                texts = (node.value for node in ast.walk(word.value) if isinstance(node, ast.Constant))
                if "status" in texts:
                    yield call.lineno
    for node in ast.walk(one.tree):
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            owner = target.value if isinstance(target, ast.Attribute) and target.attr == "status" else None
            if owner is not None and not (isinstance(owner, ast.Name) and owner.id == "self"):
                yield node.lineno


def strangers(sources: Iterable[Source]) -> list[str]:
    return [
        f"{one.name}:{line}"
        for one in sources
        if not one.name.startswith(WRITERS) and one.name not in OTHERS
        for line in status_writes(one)
    ]


def test_only_the_engine_writes_a_status() -> None:
    assert strangers(product()) == []


@pytest.mark.parametrize(
    "line",
    [
        "Job.objects.filter(pk=1).update(status='failed')",
        "ProviderCall.objects.uncertain().update(error_code='x', status=CallStatus.RELEASED)",
        "Job(kind='x', status='queued')",
        "transitions.change(rows, 'failed', status=JobStatus.FAILED)",
        "job.status = JobStatus.CANCELLED",
        "job.save(update_fields=['status', 'updated_at'])",
    ],
)
def test_the_guard_finds_a_stranger(line: str) -> None:
    assert strangers([source("templates/services/batches.py", line)]) == ["templates/services/batches.py:1"]


def test_the_guard_lets_answers_be() -> None:
    text = "HttpResponse(status=404)\nself.status = status\nrows.filter(status='queued')\nrows.update(progress=3)"
    assert strangers([source("config/api/answers.py", text)]) == []


def test_the_engine_and_the_others_do_write() -> None:
    writers = {one.name for one in product() if list(status_writes(one))}
    assert {f"{WRITERS}transitions.py", f"{WRITERS}ledger.py", *OTHERS} <= writers
