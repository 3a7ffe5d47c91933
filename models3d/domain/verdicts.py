"""Whether a mesh can be printed, and why not, in words of both languages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from models3d.domain.reports import MeshReport

Bed = tuple[float, float, float]

#: Millimetres: the width of what the usual nozzle lays down. Thinner walls aren't printed at all.
THINNEST_MM = 0.4
#: A share of the surface that is worth a word about supports.
OVERHANGS = 0.01
#: What measuring leaves of a millimetre is no reason to refuse a bed.
TOLERANCE_MM = 0.05


class ReasonCode(StrEnum):
    """Faults of the mesh first, then what a printer can't do, then what only wants to be known."""

    OPEN = "open"
    NONMANIFOLD = "nonmanifold"
    WINDING = "winding"
    INSIDE_OUT = "inside_out"
    FLAT = "flat"
    TOO_LARGE = "too_large"
    TOO_THIN = "too_thin"
    OVERHANGS = "overhangs"
    PARTS = "parts"


FAULTS: Final = (ReasonCode.OPEN, ReasonCode.NONMANIFOLD, ReasonCode.WINDING, ReasonCode.INSIDE_OUT)

SENTENCES: Final[Mapping[ReasonCode, tuple[str, str]]] = {
    ReasonCode.OPEN: ("its surface has holes ({edges} edges at them)", "表面有破洞（洞口共 {edges} 条边）"),
    ReasonCode.NONMANIFOLD: (
        "more than two faces meet at {edges} of its edges",
        "有 {edges} 条边被两个以上的面共用",
    ),
    ReasonCode.WINDING: ("its faces disagree on what is inside", "各个面对内外的朝向不一致"),
    ReasonCode.INSIDE_OUT: ("its inside is turned outwards", "内外翻转"),
    ReasonCode.FLAT: ("it has no thickness", "没有厚度"),
    ReasonCode.TOO_LARGE: (
        "with {size} mm it doesn't fit the print bed of {bed} mm",
        "尺寸 {size} 毫米，超出 {bed} 毫米的打印平台",
    ),
    ReasonCode.TOO_THIN: (
        "its thinnest wall has {thinnest} mm, and printers make {least} mm or more",
        "最薄处仅 {thinnest} 毫米，打印机至少需要 {least} 毫米",
    ),
    ReasonCode.OVERHANGS: (
        "{percent} % of its surface leans out by more than 45° and needs supports",
        "{percent}% 的表面悬垂超过 45°，需要支撑",
    ),
    ReasonCode.PARTS: ("it consists of {parts} separate parts", "由 {parts} 个互不相连的部分组成"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    code: ReasonCode
    params: Mapping[str, Any] = field(default_factory=dict)

    def message(self, language: str) -> str:
        """A clause, without a full stop."""
        english, chinese = SENTENCES[self.code]
        return (chinese if language.startswith("zh") else english).format(**self.params)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reasons` stand against printing the mesh as it is; `notes` don't."""

    is_printable: bool
    reasons: tuple[Reason, ...]
    notes: tuple[Reason, ...]

    @property
    def needs_repair(self) -> bool:
        return any(reason.code in FAULTS for reason in self.reasons)

    def sentence(self, language: str) -> str:
        """One sentence: "Printable.", or what it needs and why."""
        is_chinese = language.startswith("zh")
        colon, comma, stop = ("：", "；", "。") if is_chinese else (": ", "; ", ".")
        if self.is_printable:
            start = "可以打印" if is_chinese else "Printable"
        elif self.needs_repair:
            start = "需要修复" if is_chinese else "Needs repair"
        else:
            start = "按现状无法打印" if is_chinese else "Not printable as it is"
        told = comma.join(reason.message(language) for reason in (*self.reasons, *self.notes))
        return f"{start}{colon if told else ''}{told}{stop}"


def verdict(report: MeshReport, bed: Bed | None = None) -> Verdict:
    """Of a mesh with this report, for a printer with this bed (width, depth, height in millimetres) where one is
    known. The mesh may be turned by 90° on it, and stands as it does in its file."""
    found = [*_faults(report), *_limits(report, bed)]
    notes = []
    if report.overhang_share > OVERHANGS:
        notes.append(Reason(ReasonCode.OVERHANGS, {"percent": round(100 * report.overhang_share)}))
    if report.shells > 1:
        notes.append(Reason(ReasonCode.PARTS, {"parts": report.shells}))
    return Verdict(not found, tuple(found), tuple(notes))


def _faults(report: MeshReport) -> list[Reason]:
    found = []
    if report.boundary_edges:
        found.append(Reason(ReasonCode.OPEN, {"edges": report.boundary_edges}))
    if report.nonmanifold_edges:
        found.append(Reason(ReasonCode.NONMANIFOLD, {"edges": report.nonmanifold_edges}))
    if not report.is_winding_consistent:
        found.append(Reason(ReasonCode.WINDING))
    if report.volume_mm3 is not None and report.volume_mm3 < 0:
        found.append(Reason(ReasonCode.INSIDE_OUT))
    if report.volume_mm3 == 0 or not all(report.size_mm):
        found.append(Reason(ReasonCode.FLAT))
    return found


def _limits(report: MeshReport, bed: Bed | None) -> list[Reason]:
    found = []
    if bed is not None and not _fits(report.size_mm, bed):
        found.append(Reason(ReasonCode.TOO_LARGE, {"size": _said(report.size_mm), "bed": _said(bed)}))
    if report.thinnest_mm is not None and report.thinnest_mm < THINNEST_MM:
        found.append(
            Reason(ReasonCode.TOO_THIN, {"thinnest": f"{report.thinnest_mm:.2g}", "least": THINNEST_MM})
        )
    return found


def _fits(size: Bed, bed: Bed) -> bool:
    flat, allowed = sorted(size[:2]), sorted(bed[:2])
    pairs = zip([*flat, size[2]], [*allowed, bed[2]], strict=True)
    return all(length <= most + TOLERANCE_MM for length, most in pairs)


def _said(lengths: Bed) -> str:
    return " × ".join(f"{length:.1f}".removesuffix(".0") for length in lengths)
