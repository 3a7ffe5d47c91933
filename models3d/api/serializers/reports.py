"""Shapes of mesh reports."""

from typing import Any

from rest_framework import serializers

from config.api.serializers import StrictSerializer
from models3d.api.serializers.fields import BedField
from models3d.domain.verdicts import ReasonCode
from models3d.domain.words import Unit, UnitSource

REPORT_EXAMPLE: dict[str, Any] = {
    "triangles": 10_240,
    "vertices": 5_122,
    "shells": 1,
    "is_watertight": True,
    "is_winding_consistent": True,
    "boundary_edges": 0,
    "nonmanifold_edges": 0,
    "degenerate_faces": 0,
    "size_mm": [80.0, 80.0, 100.0],
    "volume_mm3": 112_305.4,
    "area_mm2": 58_120.9,
    "overhang_share": 0.04,
    "thinnest_mm": 2.4,
    "thinnest_precision_mm": 0.4,
    "samples": 2_000,
}


class MeshReportOut(serializers.Serializer[Any]):
    """What is measured of a mesh; lengths in millimetres."""

    triangles = serializers.IntegerField(help_text="How many there are.")
    vertices = serializers.IntegerField(help_text="Corners, those at the same place counted once.")
    shells = serializers.IntegerField(help_text="Parts that don't touch each other.")
    is_watertight = serializers.BooleanField(help_text="Whether its surface has no hole.")
    is_winding_consistent = serializers.BooleanField(
        help_text="Whether all triangles agree on what is inside."
    )
    boundary_edges = serializers.IntegerField(help_text="Edges of holes.")
    nonmanifold_edges = serializers.IntegerField(help_text="Edges with more than two triangles.")
    degenerate_faces = serializers.IntegerField(help_text="Triangles without an area.")
    size_mm = serializers.ListField(
        child=serializers.FloatField(), help_text="Width, depth and height as it stands."
    )
    volume_mm3 = serializers.FloatField(allow_null=True, help_text="Null: its surface isn't closed.")
    area_mm2 = serializers.FloatField(help_text="Of its whole surface.")
    overhang_share = serializers.FloatField(
        help_text="How much of its surface leans out by more than 45° and so needs support, from 0 to 1."
    )
    thinnest_mm = serializers.FloatField(
        allow_null=True, help_text="The thinnest wall that was met; null: none was."
    )
    thinnest_precision_mm = serializers.FloatField(
        help_text="Walls less wide than this both ways may have been missed."
    )
    samples = serializers.IntegerField(help_text="At how many places walls were measured.")


class VerdictReason(serializers.Serializer[Any]):
    """Something that stands against printing it, or that should be known before."""

    code = serializers.ChoiceField(choices=[one.value for one in ReasonCode])
    message = serializers.CharField(help_text="In your language, without a full stop.")


class ModelReportOut(serializers.Serializer[Any]):
    """The current version's report, and what follows from it."""

    version = serializers.IntegerField(help_text="The number of the version.")
    unit = serializers.ChoiceField(choices=[one.value for one in Unit], help_text="What its numbers mean.")
    unit_source = serializers.ChoiceField(
        choices=[one.value for one in UnitSource],
        help_text="Who says so: `asked` (you), `format` (the file's format), `guessed` (by its size), or `scaled` "
        "(it was scaled to a size).",
    )
    is_printable = serializers.BooleanField(help_text="Whether it can be printed as it is.")
    verdict = serializers.CharField(help_text="In one sentence, in your language.")
    reasons = VerdictReason(many=True, help_text="What stands against printing it as it is.")
    notes = VerdictReason(
        many=True, help_text="What should be known before, such as where supports are needed."
    )
    report = MeshReportOut(help_text="What was measured.")


class ModelReportIn(StrictSerializer):
    """For which printer."""

    bed = BedField(
        required=False,
        max_length=60,
        help_text="Width, depth and height that your printer can print, in millimetres, such as `220x220x250`.",
    )
