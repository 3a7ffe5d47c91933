"""The list machine: read models declared once, answered as JSON that the database wrote.

fields, read_models   what is shown; plain is its ordinary serializer (schema, tests)
filters, sorting      what a list can be narrowed and ordered by
spec, query, cursors  what a list is, and what a client asks of it
statements, reading   one SQL statement per shape, compiled once (config.sql); a page or a row as bytes
views                 ListApi, DetailApi
"""

from config.api.lists.fields import Bool, Choice, Int, Json, Many, One, StoredError, Text, Time, Uuid, truth
from config.api.lists.filters import (
    AllOf,
    AnyOf,
    BoolFilter,
    ChoiceFilter,
    Filter,
    IntFilter,
    SearchFilter,
    TextFilter,
    TimeFilter,
    UuidFilter,
    time_range,
)
from config.api.lists.plain import plain_queryset, plain_serializer
from config.api.lists.query import ListQuery, read_list_query
from config.api.lists.read_models import ReadModel
from config.api.lists.reading import JsonPage, JsonRow, read_page, read_row
from config.api.lists.spec import ListSpec, Source
from config.sql.json_text import json_counts

__all__ = [
    "AllOf",
    "AnyOf",
    "Bool",
    "BoolFilter",
    "Choice",
    "ChoiceFilter",
    "Filter",
    "Int",
    "IntFilter",
    "Json",
    "JsonPage",
    "JsonRow",
    "ListQuery",
    "ListSpec",
    "Many",
    "One",
    "ReadModel",
    "SearchFilter",
    "Source",
    "StoredError",
    "Text",
    "TextFilter",
    "Time",
    "TimeFilter",
    "Uuid",
    "UuidFilter",
    "json_counts",
    "plain_queryset",
    "plain_serializer",
    "read_list_query",
    "read_page",
    "read_row",
    "time_range",
    "truth",
]
