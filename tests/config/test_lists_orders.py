"""Orders of several columns with NULLs in them, and filters of several values: complete and right on hard data."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
import pytest
from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import User
from config.api.lists.fields import Bool, Int, Text, Time, Uuid
from config.api.lists.filters import AllOf, AnyOf, ChoiceFilter, TextFilter, UuidFilter
from config.api.lists.plain import plain_queryset, plain_serializer
from config.api.lists.query import read_list_query
from config.api.lists.read_models import ReadModel
from config.api.lists.reading import read_page
from config.api.lists.spec import ListSpec
from config.errors import CursorInvalidError, ValidationFailedError
from generation.models import Job
from templates.models import Project
from tests.templates.factories import content_template_make, document_make, project_make

pytestmark = pytest.mark.django_db

EARLY = datetime(2026, 1, 31, 8, tzinfo=UTC)
LATE = EARLY + timedelta(microseconds=120_000)


class JobRow(ReadModel, source_model=Job):
    id = Uuid()
    kind = Text()
    is_test = Bool()
    progress = Int()
    started_at = Time()
    finished_at = Time()
    parent_kind = Text("parent__kind")


def jobs(owner_id: UUID) -> QuerySet[Job]:
    return Job.objects.filter(owner_id=owner_id)


ORDERS = {
    "handy": ("-is_test", "-progress", "-finished_at"),
    "mixed": ("kind", "-started_at", "finished_at", "-progress"),
    "nulls_first_of_all": ("started_at", "-finished_at"),
    "joined": ("-parent__kind", "parent__progress", "-kind"),
    "finished_at": "finished_at",
    "parent": ("parent", "kind"),
}
SPEC = ListSpec(
    JobRow,
    jobs,
    filters={
        "kind": AnyOf(TextFilter()),
        "status": AnyOf(ChoiceFilter(["queued", "running", "waiting"])),
        "id": AnyOf(UuidFilter()),
    },
    sorts=ORDERS,
    default_sort="handy",
)


def read(spec: ListSpec, owner: User, **params: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    page = read_page(spec, read_list_query(spec, QueryDict(urlencode(params))), owner_id=owner.pk)
    return orjson.loads(page.data_json), dict(page.meta or {})


@pytest.fixture
def many(alice: User, bob: User) -> list[Job]:
    """Every combination of few values, NULL among them, many of them doubled; and somebody else's."""
    parents = [
        Job.objects.create(owner=bob, kind=kind, progress=progress, input={})
        for kind, progress in [("aa", 1), ("bb", 1), ("bb", 2)]
    ]
    times = [None, EARLY, LATE]
    values = product(["aa", "bb"], [False, True], [0, 50], times, [None, LATE])
    Job.objects.bulk_create(
        Job(
            owner=alice,
            kind=kind,
            is_test=is_test,
            progress=progress,
            started_at=started,
            finished_at=finished,
            parent=[None, *parents][number % 4],
            input={},
        )
        for number, (kind, is_test, progress, started, finished) in enumerate(list(values) * 2)
    )
    return list(Job.objects.filter(owner=alice).select_related("parent"))


def in_order(rows: list[Job], paths: str | tuple[str, ...], *, is_reversed: bool) -> list[str]:
    """The keys as an order promises them: sorted by the last column first, NULLs behind the rest each time."""
    columns = [paths] if isinstance(paths, str) else list(paths)
    for path in ["-pk" if columns[-1].startswith("-") else "pk", *reversed(columns)]:
        steps = path.removeprefix("-").split("__")

        def value(row: Job, steps: list[str] = steps) -> Any:
            found: Any = row
            for step in steps:
                found = getattr(found, step, None)
            return found.pk if isinstance(found, Job) else found

        known = [row for row in rows if value(row) is not None]
        known.sort(key=value, reverse=path.startswith("-") != is_reversed)
        rows = known + [row for row in rows if value(row) is None]
    return [str(row.pk) for row in rows]


@pytest.mark.parametrize("direction", ["", "-"])
@pytest.mark.parametrize("name", ORDERS)
def test_cursors_and_pages_visit_every_row_once_in_the_promised_order(
    alice: User, many: list[Job], name: str, direction: str, django_assert_num_queries: Any
) -> None:
    sort = direction + name
    expected = in_order(many, ORDERS[name], is_reversed=direction == "-")

    for limit in (1, 7, 100):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            with django_assert_num_queries(1):
                rows, meta = read(SPEC, alice, sort=sort, limit=limit, cursor=cursor)
            seen += [row["id"] for row in rows]
            cursor = meta["next_cursor"]
        assert seen == expected, f"by cursor, {limit} at a time"

    paged = [
        row["id"] for page in range(1, 6) for row in read(SPEC, alice, sort=sort, limit=20, page=page)[0]
    ]
    assert paged == expected


@pytest.mark.parametrize("name", ORDERS)
def test_a_cursor_goes_on_though_the_row_that_it_names_is_gone(
    alice: User, many: list[Job], name: str
) -> None:
    expected = in_order(many, ORDERS[name], is_reversed=False)
    rows, meta = read(SPEC, alice, sort=name, limit=11, cursor="")
    Job.objects.filter(pk__in=[row["id"] for row in rows]).delete()
    rest, _ = read(SPEC, alice, sort=name, limit=100, cursor=meta["next_cursor"])
    assert [row["id"] for row in rest] == expected[11:]


def test_rows_are_what_the_plain_serializer_says_in_that_order(alice: User, many: list[Job]) -> None:
    rows, _ = read(SPEC, alice, sort="mixed", limit=100)
    instances = {str(one.pk): one for one in plain_queryset(JobRow, jobs(alice.pk))}
    expected = plain_serializer(JobRow)([instances[row["id"]] for row in rows], many=True).data
    assert rows == orjson.loads(orjson.dumps(expected))


def test_a_cursor_belongs_to_its_order_and_direction(alice: User, many: list[Job]) -> None:
    cursor = read(SPEC, alice, sort="handy", limit=2)[1]["next_cursor"]
    for other in ("-handy", "mixed", "finished_at"):
        with pytest.raises(CursorInvalidError):
            read(SPEC, alice, sort=other, limit=2, cursor=cursor)


# -- several values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "kinds"),
    [
        ({"kind": "aa"}, {"aa"}),
        ({"kind": "aa,bb"}, {"aa", "bb"}),
        ({"kind": "bb, aa ,bb"}, {"aa", "bb"}),
        ({"kind": "cc,aa"}, {"aa"}),
        ({"kind": "a%,_b"}, set()),
        ({"kind": "aa,bb", "status": "running,waiting"}, set()),
        ({"kind": "aa", "status": "running,queued"}, {"aa"}),
    ],
)
def test_rows_that_fit_one_of_several_values(
    alice: User, many: list[Job], params: dict[str, str], kinds: set[str]
) -> None:
    rows, meta = read(SPEC, alice, limit=100, **params)
    expected = {str(job.pk) for job in many if job.kind in kinds}
    assert {row["id"] for row in rows} == expected
    assert meta["total"] == len(rows) == len(expected)


def test_several_values_and_a_cursor_go_together(alice: User, many: list[Job]) -> None:
    wanted = ",".join(str(job.pk) for job in many[::3][:20])
    first, meta = read(SPEC, alice, id=wanted, sort="mixed", limit=8)
    rest, _ = read(SPEC, alice, id=wanted, sort="mixed", limit=100, cursor=meta["next_cursor"])
    assert [row["id"] for row in first + rest] == in_order(many[::3][:20], ORDERS["mixed"], is_reversed=False)
    with pytest.raises(CursorInvalidError):
        read(SPEC, alice, id=wanted[:36], sort="mixed", limit=8, cursor=meta["next_cursor"])


@pytest.mark.parametrize(
    "query",
    [
        "status=queued,over",
        "status=",
        "status=queued,",
        "status=,",
        "id=1",
        "kind=aa&kind=bb",
        f"kind={','.join(map(str, range(21)))}",
        f"kind=aa,{'x' * 201}",
        "kind=aa,%00",
    ],
)
def test_one_wrong_value_of_several_is_an_error(query: str) -> None:
    with pytest.raises(ValidationFailedError) as caught:
        read_list_query(SPEC, QueryDict(query))
    assert [problem["field"] for problem in caught.value.details["fields"]] == [query.partition("=")[0]]


class ProjectRow(ReadModel, source_model=Project):
    name = Text("name_en")


def projects(owner_id: UUID) -> QuerySet[Project]:
    return Project.objects.owned_by(owner_id)


TAGGED = ListSpec(
    ProjectRow,
    projects,
    filters={
        "tags": AnyOf(TextFilter("documents__content_template__code")),
        "tags_all": AllOf(TextFilter("documents__content_template__code")),
    },
    sorts={"name": "name_en"},
    default_sort="name",
)


@pytest.fixture
def tagged(alice: User, bob: User) -> None:
    """Projects and what hangs on them, as prompts and their tags will be; the names say which."""
    templates = {code: content_template_make(code=code) for code in "abc"}
    for owner, name in [*((alice, name) for name in ("none", "a", "ab", "abc", "c")), (bob, "abc")]:
        project = project_make(owner, name_en=name)
        for code in set(name) & templates.keys() if name != "none" else ():
            for language in ("zh", "en"):
                document_make(owner, project=project, content_template=templates[code], language=language)


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"tags": "a"}, ["a", "ab", "abc"]),
        ({"tags": "a,b,c"}, ["a", "ab", "abc", "c"]),
        ({"tags": "b,x"}, ["ab", "abc"]),
        ({"tags": "x,y"}, []),
        ({"tags_all": "a"}, ["a", "ab", "abc"]),
        ({"tags_all": "a,b"}, ["ab", "abc"]),
        ({"tags_all": "c,b,a"}, ["abc"]),
        ({"tags_all": "a,x"}, []),
        ({"tags": "c", "tags_all": "a,b"}, ["abc"]),
    ],
)
def test_a_row_with_several_values_is_listed_once(
    alice: User, tagged: None, params: dict[str, str], names: list[str]
) -> None:
    rows, meta = read(TAGGED, alice, **params)
    assert [row["name"] for row in rows] == names
    assert meta["total"] == len(names)
