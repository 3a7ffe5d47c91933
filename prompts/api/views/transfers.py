"""Libraries from files and to files."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import orjson
from django.conf import settings
from django.http import QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from config.api.files import FileImportIn, file_stream
from config.api.lists.query import ListQuery, read_list_query
from config.api.lists.reading import read_page
from config.api.lists.searching import MOST_HITS
from config.api.lists.spec import ListSpec
from config.api.lists.views import choice_parameters
from config.api.parsers import CsvParser, StrictJSONParser
from config.api.problems import said_once
from config.api.schema import operation
from config.api.serializers import first_complaints
from config.api.views import ApiView
from config.spreadsheets.problems import CsvError, described
from config.spreadsheets.reading import Row, read_table
from prompts.api.serializers.records import (
    PromptExportIn,
    PromptFileIn,
    PromptImportOut,
    PromptRecordIn,
    PromptRecordOut,
    record_of,
)
from prompts.api.views.prompts import PromptListApi
from prompts.domain import library_csv
from prompts.domain.records import FORMAT, FORMAT_VERSION, MOST_RECORDS, PromptRecord
from prompts.errors import PromptCsvInvalidError, PromptExportTooLargeError, PromptRecordInvalidError
from prompts.selectors import prompt_list_for
from prompts.services.transfers import prompts_exported, prompts_import

# What programs that are generated from the schema take for a file; JSON they would read.
JSON_FILE = "application/octet-stream"
CSV_FILE = "text/csv"
#: Prompts that are read at once: with all their versions, each may have megabytes.
CHUNK = 20
PAGING = ("page", "limit", "cursor")


class PromptImportApi(ApiView):
    scope = "prompts"
    parser_classes = (StrictJSONParser, CsvParser)
    body_setting = "MAX_IMPORT_BYTES"
    # A second import changes nothing, so that nobody has to wait for the lock while a file is read.
    works_in_transaction = False

    @operation(
        "Import prompts",
        description=(
            "The body is a file of `GET /prompts/export`, or one like it: JSON, or CSV with a column `content` and any "
            "others that an export has, in English or Chinese. A prompt that is there stays as it is: one with the "
            "same id, or the same text under the same title in the same folder; so a second import changes nothing. A "
            "file with any mistake changes nothing either, and each is named with its place."
        ),
        request={"application/json": PromptFileIn, CSV_FILE: OpenApiTypes.BINARY},
        request_example={
            "application/json": {
                "format": FORMAT,
                "prompts": [
                    {"title": "周报", "content": "写一封关于{{topic}}的周报。", "tags": [{"name": "邮件"}]}
                ],
            },
            CSV_FILE: "title,content,tags\n周报,写一封关于{{topic}}的周报。,邮件\n",
        },
        response=PromptImportOut,
        example={"created": 1, "unchanged": 0, "tags_created": 1, "encoding": "utf-8", "dry_run": False},
        errors=(PromptRecordInvalidError, PromptCsvInvalidError),
        parameters=[FileImportIn],
        operation_id="importPrompts",
    )
    def post(self, request: Request) -> dict[str, Any]:
        wanted = self.read_query(FileImportIn)
        body: Any = request.data
        if isinstance(body, bytes):
            records, encoding = _read_csv(body, wanted["encoding"])
        elif (request.content_type or "").startswith(CSV_FILE) and not body:
            records, encoding = _read_csv(b"", wanted["encoding"])  # no parser is asked about nothing
        else:
            prompts = self.read(PromptFileIn)["prompts"]
            records = [record_of(f"prompts.{place}", data) for place, data in enumerate(prompts)]
            encoding = "utf-8"
        result = prompts_import(owner_id=self.caller.pk, records=records, dry_run=wanted["dry_run"])
        return {**asdict(result), "encoding": encoding, "dry_run": wanted["dry_run"]}


def _read_csv(data: bytes, encoding: str) -> tuple[list[PromptRecord], str]:
    """The records of a table, and its encoding. Raises `PromptCsvInvalidError`, or names the line of what is wrong
    with a prompt."""
    try:
        table = read_table(data, library_csv.COLUMNS, encoding, most_bytes=settings.MAX_IMPORT_BYTES)
        if table.problems:
            raise CsvError(*table.problems)
    except CsvError as exc:
        details = {"problems": described(exc.problems)}
        raise PromptCsvInvalidError(count=len(exc.problems), details=details) from exc
    shape = PromptRecordIn()
    records: list[PromptRecord] = []

    def complaint(row: Row) -> Any:
        """What is wrong with a row; one that is right is added to the records."""
        try:
            data = shape.run_validation(library_csv.record_data(row.cells))
        except ValidationError as exc:
            return exc.detail
        records.append(record_of(f"lines.{row.line}", data))
        return None

    wrong = first_complaints((row.line, complaint(row)) for row in table.rows)
    if wrong:
        raise ValidationError({"lines": wrong})
    return records, table.encoding


class PromptExportApi(ApiView):
    """Files, not JSON: the envelope stays away."""

    scope = "prompts"
    spec = ListSpec(
        PromptRecordOut,
        prompt_list_for,
        filters=PromptListApi.filters,
        sorts=PromptListApi.sorts,
        default_sort=PromptListApi.default_sort,
        shows_matches=False,
    )

    @operation(
        "Export prompts",
        description=(
            "`json` has everything, versions, labels and tags included, and is what `POST /prompts/import` takes; "
            "`csv` has the latest texts, for spreadsheets, which run nothing of it as a formula. At most "
            f"{MOST_RECORDS:,} prompts, of a search {MOST_HITS:,}; narrow the choice with the filters of the list."
        ),
        media_types=(JSON_FILE, CSV_FILE),
        errors=(PromptExportTooLargeError,),
        parameters=[PromptExportIn, *choice_parameters(spec)],
        operation_id="exportPrompts",
    )
    def get(self, request: Request) -> HttpResponseBase:
        params = request._request.GET.copy()
        _refuse_paging(params)
        asked = PromptExportIn(data={"format": "json", **said_once(params, "format")})
        asked.is_valid(raise_exception=True)
        params.pop("format", None)
        format_ = asked.validated_data["format"]
        spec = self.spec if format_ == "json" else PromptListApi.spec
        query = read_list_query(spec, params)
        total = _total(spec, query, owner_id=self.caller.pk)
        prompts_exported(owner_id=self.caller.pk, format=format_, total=total)
        pages = _pages(spec, query, owner_id=self.caller.pk)
        if format_ == "json":
            return file_stream(_json(pages), content_type=JSON_FILE, name="prompts.json")
        return file_stream(_csv(pages), content_type=f"{CSV_FILE}; charset=utf-8", name="prompts.csv")


def _refuse_paging(params: QueryDict) -> None:
    message = _("A file has no pages.")
    wrong = {name: [ErrorDetail(message, "unknown_parameter")] for name in PAGING if name in params}
    if wrong:
        raise ValidationError(wrong)


def _total(spec: ListSpec, query: ListQuery, **scope: Any) -> int:
    """How many prompts were asked for. Raises `PromptExportTooLargeError`, also where the list stops counting."""
    meta = read_page(spec, replace(query, limit=1), **scope).meta or {}
    total = int(meta["total"])
    if meta["total_is_capped"] or total > MOST_RECORDS:
        raise PromptExportTooLargeError(limit=min(total, MOST_RECORDS))
    return total


def _pages(spec: ListSpec, query: ListQuery, **scope: Any) -> Iterator[bytes]:
    """All that was asked for, as arrays of JSON."""
    cursor: str | None = ""
    while cursor is not None:
        page = read_page(spec, replace(query, limit=CHUNK, cursor=cursor), **scope)
        yield page.data_json
        cursor = (page.meta or {})["next_cursor"]


def _json(pages: Iterator[bytes]) -> Iterator[bytes]:
    yield f'{{"format": "{FORMAT}", "version": {FORMAT_VERSION}, "prompts": ['.encode()
    for number, page in enumerate(pages):
        yield (b",\n" if number else b"\n") + page[1:-1]
    yield b"\n]}\n"


def _csv(pages: Iterator[bytes]) -> Iterator[bytes]:
    yield library_csv.header()
    for page in pages:
        yield library_csv.rows(orjson.loads(page))
