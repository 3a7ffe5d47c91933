"""The public models that the benchmarks read: copied by the database itself from one, with other texts, tags, sizes,
counters and dates. A thousand of them share the files of one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models
from django.utils import timezone

from accounts.models import User
from config.search.building import drop_index, make_index
from generation.models import Job, StoredFile
from models3d.domain.trending import BEGINNING, WEIGHTS
from models3d.models import Model3D, ModelVersion

#: Hundreds of words for names, of which some are rare.
NAMES = ("茶壶", "teapot", "齿轮", "gear", "花瓶", "vase", "龙", "dragon", "钩子", "hook", "戒指", "ring")
TAG_WORDS = 5_000
REPORT = {"triangles": 12_480, "is_watertight": True, "size_mm": [80.0, 60.0, 40.0]}


def gallery_make(owners: list[User], count: int, *, is_searched: bool = True) -> None:
    """So many models of these owners, four of five public. Without `is_searched` the index of searches stays empty."""
    first = _one(owners[0])
    with connection.schema_editor(atomic=False) as editor:
        drop_index(Model3D, editor)
    with connection.cursor() as cursor, _bare(cursor, Job), _bare(cursor, Model3D):
        cursor.execute("SELECT setseed(0.5)")
        _copied(cursor, Job, first.job, count, id="{key}", owner_id="{owner}", owners=owners)
        _copied(cursor, Model3D, first, count, owners=owners, **_models())
    with connection.schema_editor(atomic=False) as editor:
        if is_searched:
            make_index(Model3D, editor)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE models3d_model3d")


@contextmanager
def _bare(cursor: Any, model: type[models.Model]) -> Iterator[None]:
    """Without its indexes, but for those of constraints: built behind the rows, they cost a tenth."""
    table = model._meta.db_table
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN "
        "(SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass)",
        [table, table],
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    for _, definition in indexes:
        cursor.execute(definition)


def _one(owner: User) -> Model3D:
    def file(name: str, media_type: str) -> StoredFile:
        return StoredFile.objects.create(
            owner=owner, key=f"owners/{owner.pk}/{name}", name=name, media_type=media_type, size=1, sha256="0"
        )

    job = Job.objects.create(
        owner=owner, kind="models3d.read", status="succeeded", event_seq=1, finished_at=timezone.now()
    )
    model = Model3D.objects.create(
        id=job.pk,
        owner=owner,
        job=job,
        origin="user_uploaded",
        name="茶壶",
        description="一把可以打印的小茶壶 A small teapot for the printer.",
        licence="CC-BY-4.0",
        triangles=12_480,
    )
    preview = file("preview.webp", "image/webp")
    model.current = ModelVersion.objects.create(
        model=model,
        number=1,
        reason="uploaded",
        file=file("model.glb", "model/gltf-binary"),
        format="glb",
        unit="m",
        unit_source="format",
        scale=1000.0,
        report=REPORT,
        preview=preview,
        turntable=preview,
    )
    model.save()
    return model


def _models() -> dict[str, str]:
    """What differs, as PostgreSQL's expressions of `n`, and of `a` to `d` (by chance, from 0 to 1)."""
    names = "(ARRAY[{}])".format(", ".join(f"'{name}'" for name in NAMES))
    name = f"{names}[1 + (a * {len(NAMES)})::int %% {len(NAMES)}] || ' ' || n"
    tag = f"('tag' || (power(b, 4) * {TAG_WORDS})::int)"
    counters = {
        "views": "(power(c, 8) * 50000)::int",
        "likes": "(power(c, 8) * power(d, 3) * 5000)::int",
        "favourites": "(power(c, 8) * power(d, 3) * 900)::int",
        "downloads": "(power(c, 8) * d * 9000)::int",
    }
    attention = " + ".join(f"{weight} * {counters[name]}" for name, weight in WEIGHTS.items())
    published = f"timestamptz '{BEGINNING.isoformat()}' + interval '1 second' * (n * 60 + 1)"
    return {
        "id": "{key}",
        "job_id": "{key}",
        "owner_id": "{owner}",
        "name": name,
        "search_text": f"lower({name}) || ' ' || t.search_text || CASE WHEN n %% 99991 = 0 THEN ' 鲸鱼' ELSE '' END",
        "tags": f"jsonb_build_array({tag}, CASE WHEN n %% 5 = 0 THEN '厨房' ELSE 'tool' END)",
        "origin": "CASE WHEN b < 0.4 THEN 'ai_generated' ELSE 'user_uploaded' END",
        "is_printable": "CASE WHEN b < 0.6 THEN TRUE WHEN b < 0.9 THEN FALSE END",
        "longest_mm": "1 + -ln(1 - a * 0.99999) * 60",
        "source_format": "CASE WHEN n %% 5000 = 0 THEN 'ply' WHEN n %% 4 = 0 THEN 'stl' ELSE 'glb' END",
        "licence": "CASE WHEN n %% 10000 = 0 THEN 'CERN-OHL-P-2.0' WHEN n %% 3 = 0 THEN 'CC0-1.0' ELSE 'CC-BY-4.0' END",
        "visibility": "CASE WHEN n %% 5 = 1 THEN 'private' ELSE 'public' END",
        "hidden_at": "CASE WHEN n %% 200 = 0 THEN now() END",
        "published_at": published,
        **counters,
        "trend": f"round((log(1 + {attention}) + n * 60 / 604800.0)::numeric, 6)::float8",
    }


def _copied(
    cursor: Any, model: type[models.Model], row: models.Model, count: int, *, owners: list[User], **given: str
) -> None:
    columns = [str(field.column) for field in model._meta.concrete_fields]
    keys = ", ".join(f"'{owner.pk}'::uuid" for owner in owners)
    words = {
        "key": "('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid",
        "owner": f"(ARRAY[{keys}])[1 + n %% {len(owners)}]",
    }
    values = [
        given[column].format(**words)
        if column in given and given[column].startswith("{")
        else given.get(column)
        for column in columns
    ]
    selected = ", ".join(value or f't."{column}"' for column, value in zip(columns, values, strict=True))
    names = ", ".join(f'"{column}"' for column in columns)
    table = model._meta.db_table
    chance = (
        "SELECT n, random() AS a, random() AS b, random() AS c, random() AS d FROM generate_series(1, %s) n"
    )
    cursor.execute(
        f'INSERT INTO "{table}" ({names}) SELECT {selected} FROM "{table}" t, ({chance}) made WHERE t.id = %s',  # noqa: S608
        [count, row.pk],
    )


def described(node: dict[str, Any]) -> str:
    """A plan in one line: its nodes with the indexes that they use."""
    index = f" {node['Index Name']}" if "Index Name" in node else ""
    inner = ", ".join(described(one) for one in node.get("Plans", ()))
    return f"{node['Node Type']}{index}" + (f" ({inner})" if inner else "")
