"""The gallery among a million models: the first page in each order, deep pages by cursor, each filter, searches.

    python -m benchmarks.gallery [--url URL] [--rows 1000000] [--repeats 40] [--plans] [--no-search]

In process (the list machine without HTTP), on a database of its own on TEST_DATABASE_URL's server or on one that is
started for it. One that is named by its URL is kept, and filled only once. Prints a table and a JSON line; ends with 1
when a p95 is over its aim, not counting how long this process and its connection's waited for a CPU that others had.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode

from benchmarks.api import own_database
from benchmarks.search import Measured, Took, used

OWNERS = 100
#: Milliseconds: the first page in an order, and everything else.
AIMS = {"first page": 20.0, "other": 50.0}
SORTS = ("newest", "likes", "downloads", "views", "trending")
FILTERS: dict[str, dict[str, str]] = {
    "printable": {"printable": "true"},
    "not printable": {"printable": "false"},
    "size, common": {"max_size_mm": "40"},
    "size, rare": {"max_size_mm": "1.001"},
    "licence, common": {"licence": "CC-BY-4.0"},
    "licence, rare": {"licence": "CERN-OHL-P-2.0"},
    "licence, nobody's": {"licence": "Apache-2.0"},
    "format, common": {"format": "stl"},
    "format, rare": {"format": "ply"},
    "tag, common": {"tag": "厨房"},
    "tag, some": {"tag": "tag100"},
    "tag, rare": {"tag": "tag4900"},
    "tag, nobody's": {"tag": "nothing"},
    "made with AI": {"made_with_ai": "true"},
    "author": {"author": "owner-7"},
    "tag and licence, rare": {"tag": "tag4900", "licence": "CC0-1.0"},
}
SEARCHES = {
    "common": "茶壶",
    "two words": "teapot small",
    "rare": "鲸鱼",
    "a number": "99991",
    "nowhere": "魑魅",
}
DEEP = 200_000


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    with ExitStack() as stack:
        os.environ["DATABASE_URL"] = options.url or stack.enter_context(own_database())
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
        import django

        django.setup()
        from config.startup import keep_loaded, load_addresses

        load_addresses()
        _prepare(options)
        keep_loaded()
        measured = {case: _measure(asked, options.repeats) for case, asked in _cases(options).items()}
        is_over = _report(measured, options)
        if options.plans:
            _print_plans(_cases(options))
    return is_over


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", help="of an empty database, or of one that this has filled")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--plans", action="store_true", help="print how the database goes about it")
    parser.add_argument(
        "--no-search", action="store_true", help="spare the index of searches, which takes longest"
    )
    return parser.parse_args(arguments)


def _prepare(options: argparse.Namespace) -> None:
    from django.core.management import call_command

    from accounts.models import User
    from benchmarks.gallery_rows import gallery_make
    from models3d.models import Model3D

    call_command("migrate", verbosity=0)
    if Model3D.objects.exists():
        return
    owners = [
        User.objects.create(username=f"owner-{number}", email=f"{number}@example.org")
        for number in range(OWNERS)
    ]
    gallery_make(owners, options.rows, is_searched=not options.no_search)


def _cases(options: argparse.Namespace) -> dict[str, dict[str, str]]:
    cases: dict[str, dict[str, str]] = {f"first page · {sort}": {"sort": sort} for sort in SORTS}
    for sort in SORTS:
        cases[f"deep cursor · {sort}"] = {"sort": sort, "cursor": _deep_cursor(sort, options.rows)}
        cases[f"page 400 · {sort}"] = {"sort": sort, "page": "400"}
    for name, asked in FILTERS.items():
        for sort in ("newest", "likes", "trending"):
            cases[f"{name} · {sort}"] = {**asked, "sort": sort}
    if not options.no_search:
        for name, words in SEARCHES.items():
            for sort in ("newest", "likes"):
                cases[f"search, {name} · {sort}"] = {"search": words, "sort": sort}
    return cases


def _deep_cursor(sort: str, rows: int) -> str:
    """As a reader has it who went on by cursor through a good part of the gallery."""
    from config.api.lists.cursors import write_cursor
    from config.api.lists.reading import _place
    from models3d.api.views.gallery import SORTS as COLUMNS
    from models3d.api.views.gallery import GalleryListApi, public_model_list

    column = COLUMNS[sort].removesuffix("!")
    far = public_model_list().order_by(column, "-pk").values_list(column.removeprefix("-"), "pk")
    [keys] = far[min(DEEP, rows // 5) :][:1]
    value = keys[0].isoformat(" ") if sort == "newest" else keys[0]
    return write_cursor(
        _place(GalleryListApi.spec, _query({"sort": sort, "cursor": ""}), {}), [value, keys[1]]
    )


def _query(asked: dict[str, str]) -> Any:
    from django.http import QueryDict

    from config.api.lists.query import read_list_query
    from models3d.api.views.gallery import GalleryListApi

    return read_list_query(GalleryListApi.spec, QueryDict(urlencode(asked)))


def _reader(asked: dict[str, str]) -> Callable[[], Any]:
    from config.api.lists.reading import read_page
    from models3d.api.views.gallery import GalleryListApi

    return lambda: read_page(GalleryListApi.spec, _query(asked))


def _measure(asked: dict[str, str], repeats: int) -> Measured:
    read = _reader(asked)
    page = read()
    took = []
    for _ in range(repeats):
        began, before = time.perf_counter(), used()
        page = read()
        cpu, waited = (now - then for now, then in zip(used(), before, strict=True))
        took.append(Took((time.perf_counter() - began) * 1000, cpu, waited))
    meta = page.meta or {}
    return Measured(took, f"{meta['total']}{'+' if meta['total_is_capped'] else ''}")


def _print_plans(cases: dict[str, dict[str, str]]) -> None:
    """How PostgreSQL goes about the statement of each list."""
    from unittest.mock import patch

    from django.db import connection

    from benchmarks.gallery_rows import described
    from config.sql.compiler import Statement

    fetch = Statement.fetch

    def explained(statement: Statement, db: Any, values: Any) -> Any:
        with db.cursor() as cursor:
            cursor.execute(
                f"EXPLAIN (FORMAT JSON) {statement.sql}", statement.parameters.fill(values, connection)
            )
            print(f"    {described(cursor.fetchone()[0][0]['Plan'])}")
        return fetch(statement, db, values)

    with patch.object(Statement, "fetch", explained):
        for case, asked in cases.items():
            print(case)
            _reader(asked)()


def _report(measured: dict[str, Measured], options: argparse.Namespace) -> int:
    print(f"\n{options.rows:,} models, load {os.getloadavg()[0]:.1f}")
    print(f"{'':34}{'total':>8}{'p50 ms':>10}{'p95 ms':>10}{'p95 without waits':>20}{'aim':>6}")
    over = []
    for case, one in measured.items():
        aim = AIMS["first page" if case.startswith("first page") else "other"]
        mark = "  over" if one.p95("alone") > aim else ""
        if mark:
            over.append(case)
        times = f"{one.p50('wall'):10.1f}{one.p95('wall'):10.1f}{one.p95('alone'):20.1f}"
        print(f"{case:34}{one.total:>8}{times}{aim:6.0f}{mark}")
    p95 = {case: round(one.p95("alone"), 1) for case, one in measured.items()}
    print(json.dumps({"benchmark": "gallery", "rows": options.rows, "p95_ms": p95, "over": over}))
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main())
