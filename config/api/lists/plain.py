"""The same read models the plain way: a serializer over model instances.

The schema is generated from these serializers, and tests hold the fast answers equal to what they say. No view
answers through them.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Prefetch
from rest_framework import serializers

from config.api.lists.fields import Many, One, annotation_name
from config.api.lists.read_models import ReadModel

_serializers: dict[type[ReadModel], type[serializers.Serializer[Any]]] = {}


def plain_serializer(read_model: type[ReadModel]) -> type[serializers.Serializer[Any]]:
    """A serializer class with the read model's name, description and fields; for instances of `plain_queryset`.

    One class per read model, so that the schema has one component for it.
    """
    if read_model not in _serializers:
        attributes: dict[str, Any] = {
            name: field.plain(read_model.source_model) for name, field in read_model.members.items()
        }
        attributes["__doc__"] = read_model.__doc__
        attributes["__module__"] = read_model.__module__
        _serializers[read_model] = type(read_model.__name__, (serializers.Serializer,), attributes)
    return _serializers[read_model]


def plain_queryset(read_model: type[ReadModel], queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """The queryset with what the plain serializer reads: joins, prefetches and annotations."""
    joins, prefetches, annotations = _needs(read_model)
    if annotations:
        queryset = queryset.annotate(**annotations)
    if joins:
        queryset = queryset.select_related(*joins)
    return queryset.prefetch_related(*prefetches)


def _needs(read_model: type[ReadModel]) -> tuple[list[str], list[Prefetch], dict[str, Any]]:
    joins: list[str] = []
    prefetches: list[Prefetch] = []
    annotations: dict[str, Any] = {}
    for name, field in read_model.members.items():
        if isinstance(field, One):
            inner, lists, _ = _needs(field.read_model)
            joins += [field.path, *(f"{field.path}__{path}" for path in inner)]
            prefetches += [
                Prefetch(f"{field.path}__{one.prefetch_through}", queryset=one.queryset) for one in lists
            ]
        elif isinstance(field, Many):
            rows = field.read_model.source_model._base_manager.order_by(*field.order_by)
            prefetches.append(Prefetch(field.path, queryset=plain_queryset(field.read_model, rows)))
        elif field.expression is not None:
            annotations[annotation_name(name)] = field.expression
        elif "__" in field.path:
            joins.append(field.path.rpartition("__")[0])
    return joins, prefetches, annotations
