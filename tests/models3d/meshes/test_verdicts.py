"""What follows from a report, in both languages."""

from dataclasses import replace

from models3d.domain.reports import MeshReport
from models3d.domain.verdicts import SENTENCES, ReasonCode, verdict

GOOD = MeshReport(
    triangles=12,
    vertices=8,
    shells=1,
    is_watertight=True,
    is_winding_consistent=True,
    boundary_edges=0,
    nonmanifold_edges=0,
    degenerate_faces=0,
    size_mm=(100.0, 200.0, 50.0),
    volume_mm3=1000.0,
    area_mm2=600.0,
    overhang_share=0.0,
    thinnest_mm=2.0,
    thinnest_precision_mm=0.1,
    samples=100,
)
OPEN = replace(GOOD, is_watertight=False, boundary_edges=3, volume_mm3=None, thinnest_mm=None)

#: report, bed, what stands against printing, what should be known, and how it is said.
CASES = [
    (GOOD, None, [], [], "Printable.", "可以打印。"),
    (GOOD, (200, 100, 50), [], [], "Printable.", "可以打印。"),  # turned on the bed
    (
        GOOD,
        (190, 110, 50),
        ["too_large"],
        [],
        "Not printable as it is: with 100 × 200 × 50 mm it doesn't fit the print bed of 190 × 110 × 50 mm.",
        "按现状无法打印：尺寸 100 × 200 × 50 毫米，超出 190 × 110 × 50 毫米的打印平台。",
    ),
    (GOOD, (220, 220, 49), ["too_large"], [], None, None),
    (
        OPEN,
        None,
        ["open"],
        [],
        "Needs repair: its surface has holes (3 edges at them).",
        "需要修复：表面有破洞（洞口共 3 条边）。",
    ),
    (replace(OPEN, nonmanifold_edges=2), None, ["open", "nonmanifold"], [], None, None),
    (replace(GOOD, is_winding_consistent=False, volume_mm3=None), None, ["winding"], [], None, None),
    (replace(GOOD, volume_mm3=-1000.0), None, ["inside_out"], [], None, None),
    (replace(GOOD, size_mm=(10.0, 10.0, 0.0), volume_mm3=0.0), None, ["flat"], [], None, None),
    (replace(GOOD, thinnest_mm=0.2), None, ["too_thin"], [], None, None),
    (
        replace(GOOD, overhang_share=0.25, shells=2),
        None,
        [],
        ["overhangs", "parts"],
        "Printable: 25 % of its surface leans out by more than 45° and needs supports; "
        "it consists of 2 separate parts.",
        "可以打印：25% 的表面悬垂超过 45°，需要支撑；由 2 个互不相连的部分组成。",
    ),
]


def test_the_verdict_says_why() -> None:
    for report, bed, reasons, notes, english, chinese in CASES:
        found = verdict(report, bed)
        assert [reason.code for reason in found.reasons] == reasons
        assert [note.code for note in found.notes] == notes
        assert found.is_printable is not bool(reasons)
        assert english in (None, found.sentence("en"))
        assert chinese in (None, found.sentence("zh-hans"))
        assert "{" not in found.sentence("en") + found.sentence("zh-hans")


def test_every_reason_has_words_and_a_case() -> None:
    assert set(SENTENCES) == set(ReasonCode)
    assert {code for _, _, reasons, notes, _, _ in CASES for code in (*reasons, *notes)} == set(ReasonCode)


def test_a_report_is_kept_as_json() -> None:
    assert MeshReport.from_json(GOOD.as_json()) == GOOD
