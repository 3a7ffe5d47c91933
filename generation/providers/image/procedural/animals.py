"""Animals that sit and look at the viewer, and those that stand in profile on four legs."""

from collections.abc import Callable
from dataclasses import dataclass

from generation.providers.image.procedural.canvas import Fill
from generation.providers.image.procedural.colours import BLACK, WHITE, Colour, hexed, lit, mixed
from generation.providers.image.procedural.pen import Pen

DARK = hexed("#2a2328")


def eye(pen: Pen, x: float, y: float, size: float, colour: Colour = DARK) -> None:
    pen.ellipse(x, y, size, size * 1.12, colour, fill=Fill.FLAT)
    pen.ellipse(x + size * 0.3, y + size * 0.4, size * 0.34, size * 0.34, WHITE, fill=Fill.SHINING)


@dataclass(frozen=True, slots=True)
class Sitter:
    """`ears`: pointed, round, long, floppy. `tail`: long, bushy, short, none. `marks`: stripes, patches, mane, mask."""

    coats: tuple[str, ...]
    ears: str = "pointed"
    tail: str = "long"
    belly: str = "#f6ead8"
    inner: str = "#f0a6a0"
    marks: str = ""
    muzzle: float = 1.0


SITTERS = {
    "cat": Sitter(("#e79a4c", "#8f959d", "#3a3840", "#f0e6d6", "#b9825a"), marks="stripes"),
    "dog": Sitter(("#c98a4f", "#e2b878", "#7a5238", "#f0e6d6"), ears="floppy", muzzle=1.35),
    "rabbit": Sitter(("#efe7dc", "#b9a08a", "#9aa0a8"), ears="long", tail="short", muzzle=0.8),
    "bear": Sitter(
        ("#8a5a38", "#6b4632", "#b98a5a"), ears="round", tail="short", belly="#d9b48a", muzzle=1.25
    ),
    "panda": Sitter(
        ("#f6f3ee",), ears="round", tail="short", belly="#f6f3ee", marks="patches", inner="#2b2a33"
    ),
    "fox": Sitter(("#e0702c", "#d85f2a"), tail="bushy", marks="mask", muzzle=1.1),
    "tiger": Sitter(("#ef9a35",), ears="round", marks="tiger", muzzle=1.25),
    "lion": Sitter(("#e2ac58",), ears="round", marks="mane", muzzle=1.25),
    "mouse": Sitter(("#a9a4a6", "#d9b98f"), ears="large", tail="thin", muzzle=0.8),
}


def sitting(kind: str) -> Callable[[Pen, Colour | None], None]:
    def draw(pen: Pen, colour: Colour | None = None) -> None:
        plan = SITTERS[kind]
        _sit(pen, plan, colour or hexed(str(pen.canvas.rng.choice(plan.coats))))

    return draw


def _sit(pen: Pen, plan: Sitter, coat: Colour) -> None:
    limbs = hexed("#2b2a33") if plan.marks == "patches" else lit(coat, 0.95)
    belly = mixed(hexed(plan.belly), coat, 0.12)
    pen.shadow(0.42)
    _tail(pen, plan, coat)
    pen.blob([(-0.3, 0.06), (-0.31, 0.24), (-0.2, 0.5), (0.2, 0.5), (0.31, 0.24), (0.3, 0.06), (0, 0)], coat)
    pen.ellipse(0, 0.24, 0.17, 0.2, belly)
    for side in (-1, 1):
        pen.ellipse(side * 0.24, 0.07, 0.13, 0.075, limbs)
        pen.blob([(side * 0.06, 0.02), (side * 0.05, 0.3), (side * 0.17, 0.34), (side * 0.18, 0.02)], limbs)
        pen.ellipse(side * 0.12, 0.04, 0.085, 0.055, belly if plan.marks != "patches" else limbs)
    if plan.marks == "patches":
        pen.blob([(-0.22, 0.36), (-0.2, 0.5), (0.2, 0.5), (0.22, 0.36), (0, 0.4)], limbs)
    if plan.marks == "mane":
        for step in range(16):
            part = pen.at(0, 0.68, turn=step * 0.393)
            part.blob([(-0.1, 0.2), (0, 0.45), (0.1, 0.2)], hexed("#a8622c"))
    _ears(pen, plan, coat)
    pen.blob(
        [(-0.31, 0.62), (-0.25, 0.84), (0, 0.92), (0.25, 0.84), (0.31, 0.62), (0.2, 0.47), (-0.2, 0.47)], coat
    )
    _face(pen, plan, coat, belly)


def _tail(pen: Pen, plan: Sitter, coat: Colour) -> None:
    if plan.tail == "long":
        pen.stroke([(0.2, 0.08), (0.42, 0.1), (0.5, 0.3), (0.42, 0.46)], 0.09, lit(coat, 0.92), taper=0.75)
    elif plan.tail == "thin":
        pen.stroke([(0.2, 0.05), (0.45, 0.04), (0.55, 0.2)], 0.03, hexed("#d9a0a0"))
    elif plan.tail == "bushy":
        pen.blob([(0.18, 0.05), (0.42, 0.08), (0.58, 0.32), (0.5, 0.6), (0.36, 0.4), (0.3, 0.22)], coat)
        pen.blob([(0.47, 0.42), (0.57, 0.4), (0.5, 0.6)], WHITE)
    elif plan.tail == "short":
        pen.ellipse(0.3, 0.14, 0.09, 0.09, lit(coat, 1.05))


def _ears(pen: Pen, plan: Sitter, coat: Colour) -> None:
    inner = hexed(plan.inner)
    for side in (-1, 1):
        if plan.ears == "pointed":
            pen.blob([(side * 0.08, 0.84), (side * 0.24, 1.07), (side * 0.31, 0.72)], coat)
            pen.blob([(side * 0.13, 0.84), (side * 0.23, 0.98), (side * 0.27, 0.77)], inner)
        elif plan.ears == "long":
            pen.blob([(side * 0.05, 0.85), (side * 0.1, 1.2), (side * 0.2, 1.28), (side * 0.22, 0.85)], coat)
            pen.blob(
                [(side * 0.1, 0.88), (side * 0.13, 1.14), (side * 0.18, 1.18), (side * 0.18, 0.88)], inner
            )
        elif plan.ears == "floppy":
            pen.blob(
                [(side * 0.18, 0.86), (side * 0.36, 0.84), (side * 0.42, 0.58), (side * 0.31, 0.55)],
                lit(coat, 0.72),
            )
        else:
            size = 0.17 if plan.ears == "large" else 0.11
            edge = hexed("#2b2a33") if plan.marks == "patches" else coat
            pen.ellipse(side * 0.25, 0.88, size, size, edge)
            pen.ellipse(side * 0.25, 0.87, size * 0.6, size * 0.6, inner)


def _face(pen: Pen, plan: Sitter, coat: Colour, belly: Colour) -> None:
    if plan.marks == "mask":
        pen.blob(
            [(-0.29, 0.6), (-0.1, 0.66), (0, 0.58), (0.1, 0.66), (0.29, 0.6), (0.18, 0.48), (-0.18, 0.48)],
            WHITE,
            outline=False,
        )
    stripe = lit(coat, 0.5)
    if plan.marks in ("stripes", "tiger"):
        for x, width in ((-0.07, 0.018), (0.0, 0.022), (0.07, 0.018)):
            pen.stroke([(x, 0.88), (x * 0.8, 0.78)], width * 1.3, stripe, taper=0.4, fill=Fill.FLAT)
    if plan.marks == "tiger":
        for side in (-1, 1):
            for y in (0.56, 0.63):
                pen.stroke([(side * 0.3, y), (side * 0.18, y + 0.01)], 0.03, DARK, taper=0.3, fill=Fill.FLAT)
            for y in (0.2, 0.32):
                pen.stroke([(side * 0.28, y), (side * 0.16, y + 0.03)], 0.03, DARK, taper=0.3, fill=Fill.FLAT)
    wide = 0.13 * plan.muzzle
    pen.ellipse(0, 0.555, wide, wide * 0.68, belly, outline=False)
    for side in (-1, 1):
        if plan.marks == "patches":
            pen.ellipse(side * 0.13, 0.68, 0.085, 0.1, hexed("#2b2a33"), turn=side * -0.5, outline=False)
        eye(pen, side * 0.13, 0.68, 0.047)
        pen.ellipse(side * 0.21, 0.57, 0.05, 0.028, hexed("#f08f88"), fill=Fill.FLAT, alpha=0.55)
        pen.stroke([(0, 0.54), (side * 0.03, 0.51), (side * 0.065, 0.52)], 0.011, DARK, fill=Fill.FLAT)
        if plan.ears in ("pointed", "large") and plan.marks != "mask":
            for tilt in (-0.02, 0.02):
                pen.stroke(
                    [(side * 0.14, 0.55 + tilt), (side * 0.34, 0.56 + tilt * 3)],
                    0.006,
                    lit(coat, 0.45),
                    fill=Fill.FLAT,
                )
    nose = DARK if plan.muzzle > 1 else hexed("#d9707a")
    pen.blob([(-0.032, 0.595), (0.032, 0.595), (0, 0.555)], nose, fill=Fill.FLAT)


@dataclass(frozen=True, slots=True)
class Walker:
    """In profile, looking to the right. `neck` says where the head is, `legs` how long they are."""

    coat: str
    body: tuple[float, float]
    legs: float
    neck: tuple[float, float]
    head: float
    extra: str = ""


WALKERS = {
    "horse": Walker("#8a5434", (0.36, 0.17), 0.42, (0.44, 0.9), 0.11, "mane"),
    "deer": Walker("#b9814c", (0.3, 0.13), 0.42, (0.36, 0.84), 0.085, "antlers"),
    "cow": Walker("#f2eee6", (0.4, 0.21), 0.3, (0.48, 0.62), 0.12, "spots"),
    "sheep": Walker("#f4efe4", (0.34, 0.22), 0.26, (0.38, 0.58), 0.1, "wool"),
    "elephant": Walker("#8d939c", (0.42, 0.28), 0.3, (0.44, 0.66), 0.19, "trunk"),
    "dinosaur": Walker("#6fae5a", (0.36, 0.22), 0.26, (0.5, 0.92), 0.1, "plates"),
}


def walking(kind: str) -> Callable[[Pen, Colour | None], None]:
    def draw(pen: Pen, colour: Colour | None = None) -> None:
        plan = WALKERS[kind]
        _walk(pen, plan, colour or hexed(plan.coat))

    return draw


def _walk(pen: Pen, plan: Walker, coat: Colour) -> None:
    length, depth = plan.body
    middle = plan.legs + depth * 0.8
    leg = depth * (0.5 if plan.extra in ("trunk", "plates") else 0.3)
    pen.shadow(length * 1.25)
    for x, shade in ((-0.72, 0.72), (0.58, 0.72), (-0.58, 0.94), (0.74, 0.94)):
        foot = x * length + (0.03 if shade > 0.8 else -0.02)
        pen.stroke(
            [(x * length, middle), (foot, plan.legs * 0.5), (foot, 0.03)], leg, lit(coat, shade), taper=0.7
        )
        pen.box(foot, 0, leg * 0.85, 0.05, lit(coat, 0.45))
    back = [
        (-length * 0.98, middle + depth * 0.1),
        (-length * 1.2, middle - depth * 0.2),
        (-length * 1.22, middle - depth * 1.1),
    ]
    if plan.extra == "plates":
        pen.stroke(
            [(-length * 0.6, middle), (-length * 1.25, middle * 0.75), (-length * 1.75, 0.16)],
            depth * 1.1,
            coat,
            taper=0.08,
        )
    else:
        pen.stroke(
            back,
            0.09 if plan.extra == "mane" else 0.035,
            lit(coat, 0.5 if plan.extra == "mane" else 0.8),
            taper=0.7,
        )
    x, y = plan.neck
    pen.stroke(
        [(length * 0.62, middle + depth * 0.2), ((length * 0.8 + x) / 2 + 0.04, (middle + y) / 2), (x, y)],
        depth * 0.95,
        coat,
        taper=0.55,
    )
    pen.blob(
        [
            (-length, middle),
            (-length * 0.7, middle + depth),
            (0, middle + depth * 0.86),
            (length * 0.7, middle + depth * 1.02),
            (length, middle + depth * 0.1),
            (length * 0.6, middle - depth * 0.86),
            (-length * 0.6, middle - depth * 0.9),
        ],
        coat,
    )
    _details(pen, plan, coat, middle)


def _details(pen: Pen, plan: Walker, coat: Colour, middle: float) -> None:
    (length, depth), (x, y) = plan.body, plan.neck
    if plan.extra == "spots":
        for dx, dy, size in ((-0.55, 0.2, 0.3), (0.1, -0.1, 0.36), (0.55, 0.4, 0.22)):
            pen.blob(
                [
                    (dx * length - size * 0.3, middle + dy * depth),
                    (dx * length, middle + dy * depth + size * 0.22),
                    (dx * length + size * 0.3, middle + dy * depth),
                    (dx * length, middle + dy * depth - size * 0.2),
                ],
                DARK,
                outline=False,
            )
    if plan.extra == "wool":
        rng = pen.canvas.rng
        for _ in range(26):
            dx, dy = rng.uniform(-0.9, 0.9), rng.uniform(-0.7, 0.8)
            if dx * dx + dy * dy < 0.9:
                pen.ellipse(
                    dx * length, middle + dy * depth, 0.085, 0.078, lit(coat, float(rng.uniform(0.93, 1.0)))
                )
        coat = hexed("#3f3a3c")
    if plan.extra == "plates":
        for step in range(9):
            px = -length * 1.2 + step * length * 0.27
            py = middle + depth * (0.95 - abs(px / length) ** 2 * 0.9)
            pen.polygon([(px - 0.05, py - 0.03), (px + 0.06, py - 0.03), (px, py + 0.1)], hexed("#e0883c"))
    if plan.extra == "mane":
        for step in range(7):
            part = step / 6
            mx, my = (
                length * 0.62 + (x - length * 0.62) * part - 0.05,
                middle + depth * 0.7 + (y - middle - depth * 0.5) * part,
            )
            pen.ellipse(mx, my, 0.06, 0.075, lit(coat, 0.45), turn=0.6)
    _walkers_head(pen, plan, coat)


def _walkers_head(pen: Pen, plan: Walker, coat: Colour) -> None:
    (x, y), head = plan.neck, plan.head
    snout = 1.0 if plan.extra in ("trunk", "wool") else 1.7
    pen.blob(
        [
            (x - head, y + head * 0.5),
            (x + head * 0.3, y + head * 0.9),
            (x + head * snout, y - head * 0.2),
            (x + head * snout * 0.95, y - head * 0.85),
            (x, y - head * 0.9),
            (x - head, y - head * 0.4),
        ],
        coat,
    )
    for side in (0.0, 0.5):
        if plan.extra == "trunk":
            break
        ex = x - head * (0.5 - side)
        pen.blob(
            [(ex - 0.03, y + head * 0.6), (ex - 0.02, y + head * 1.7), (ex + 0.04, y + head * 0.7)],
            lit(coat, 0.9),
        )
    _head_dress(pen, plan, coat)
    if plan.extra == "spots":
        pen.ellipse(x + head * 1.35, y - head * 0.5, head * 0.5, head * 0.42, hexed("#f0b3a6"))
    eye(
        pen,
        x + head * (0.28 if plan.extra != "wool" else 0.4),
        y + head * 0.22,
        max(head * 0.17, 0.018),
        BLACK if plan.extra != "wool" else WHITE,
    )


def _head_dress(pen: Pen, plan: Walker, coat: Colour) -> None:
    """Antlers, or a trunk with its tusk and ear."""
    (x, y), head = plan.neck, plan.head
    if plan.extra == "antlers":
        for side in (-0.4, 0.35):
            root = (x + side * head, y + head)
            pen.stroke(
                [root, (x - 0.06 + side * 0.2, y + 0.2), (x + side * 0.35, y + 0.34)],
                0.024,
                hexed("#6b4a34"),
                taper=0.6,
            )
            pen.stroke(
                [(x - 0.05 + side * 0.2, y + 0.18), (x + 0.06 + side * 0.3, y + 0.24)],
                0.018,
                hexed("#6b4a34"),
                taper=0.6,
            )
            pen.stroke(
                [(x - 0.04 + side * 0.24, y + 0.24), (x - 0.12 + side * 0.2, y + 0.31)],
                0.016,
                hexed("#6b4a34"),
                taper=0.6,
            )
    if plan.extra == "trunk":
        pen.stroke(
            [
                (x + head * 0.7, y - head * 0.2),
                (x + head * 1.35, y - 0.2),
                (x + head * 1.3, 0.22),
                (x + head * 1.6, 0.14),
            ],
            0.12,
            coat,
            taper=0.5,
        )
        pen.stroke(
            [(x + head * 0.6, y - head * 0.7), (x + head * 1.0, y - head * 1.35)],
            0.045,
            (0.97, 0.95, 0.88),
            taper=0.4,
        )
        pen.blob(
            [
                (x - head * 0.2, y + head * 0.7),
                (x - head * 1.25, y + head * 0.7),
                (x - head * 1.15, y - head),
                (x - head * 0.2, y - head * 0.7),
            ],
            lit(coat, 0.86),
        )
