"""No activity without its effect: what is recorded is recorded inside a transaction."""

import ast
from collections.abc import Iterable, Iterator

from tests.architecture.house import Source, product, source

RECORD = "activity_record"
#: Its forms for what an account does to itself, and to a row of its own.
FORMS = {"account_record", "row_record"}
#: Where nothing is written but the record itself, with the reason.
ALONE = dict.fromkeys(
    (
        "templates/services/exports.py::documents_to_export",
        "prompts/services/transfers.py::prompts_exported",
        "conversations/services/exports.py::conversation_exported",
        "conversations/services/exports.py::conversations_exported",
    ),
    "an export only reads",
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_atomic(node: ast.expr) -> bool:
    call = node.func if isinstance(node, ast.Call) else node
    return ast.unparse(call).endswith("transaction.atomic")


def recording(node: ast.AST, names: set[str], inside: bool = False) -> Iterator[tuple[ast.Call, bool]]:
    """Calls of one of these names below the node, and whether they stand inside a transaction."""
    if isinstance(node, ast.With):
        inside = inside or any(is_atomic(item.context_expr) for item in node.items)
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in names:
        yield node, inside
    for child in ast.iter_child_nodes(node):
        yield from recording(child, names, inside)


def outside(sources: Iterable[Source]) -> set[str]:
    """Functions that record outside of a transaction. One called `_record…` hands the duty to who calls it."""
    found = set()
    for one in sources:
        functions = [node for node in ast.walk(one.tree) if isinstance(node, Function)]
        helpers = {each.name for each in functions if each.name.startswith("_record")}
        for each in functions:
            if each.name in {RECORD, *FORMS, *helpers} or any(
                is_atomic(mark) for mark in each.decorator_list
            ):
                continue
            if not all(inside for _, inside in recording(each, {RECORD, *FORMS, *helpers})):
                found.add(f"{one.name}::{each.name}")
    return found


def recorders() -> list[Source]:
    return [one for one in product() if any(name in one.text for name in (RECORD, *FORMS))]


def test_what_is_recorded_is_recorded_with_its_effect() -> None:
    assert outside(recorders()) == ALONE.keys()


#: Clients of the services: what they ask for is recorded by whom they ask. The forms of the back office are recorded
#: by their base in the kernel.
CLIENTS = ("api", "admin", "management", "tasks")
RECORDED_BY_CLIENTS = {"accounts/admin/login.py": "Django's own form changes the password"}


def keeping_records(sources: Iterable[Source]) -> set[str]:
    """The clients' modules that write activities or the audit themselves."""
    return {
        one.name
        for one in sources
        if any(word in CLIENTS for word in one.name.removesuffix(".py").split("/")[1:])
        and any(name in one.text for name in (RECORD, *FORMS, "audit.record"))
    }


def test_clients_leave_records_to_services() -> None:
    apps = [one for one in product() if not one.name.startswith("config/")]
    assert keeping_records(apps) == RECORDED_BY_CLIENTS.keys()


def test_the_guard_finds_a_client_that_keeps_records() -> None:
    text = "audit.record(request.user, 'delete', row)"
    planted = [source("x/api/views/rows.py", text), source("x/services/rows.py", text)]
    assert keeping_records(planted) == {"x/api/views/rows.py"}


def test_there_are_recorders_to_look_at() -> None:
    assert {"accounts/services/users.py", "templates/services/batches.py"} <= {
        one.name for one in recorders()
    }


def test_the_guard_finds_a_record_by_itself() -> None:
    text = """
def late(user):
    with transaction.atomic():
        user.save()
    activity_record(owner_id=user.pk)

@transaction.atomic
def whole(user):
    activity_record(owner_id=user.pk)

def part(user):
    with transaction.atomic():
        _record(user)
        row_record(user, Action.LOGIN)

def loose(user):
    _record(user)

def row(user):
    row_record(user, Action.LOGIN)

def _record(user):
    activities.activity_record(owner_id=user.pk)
"""
    assert outside([source("x.py", text)]) == {"x.py::late", "x.py::loose", "x.py::row"}
