"""Solids of a picture: a relief, a lithophane, or the silhouette of what is to be seen."""

import io

import numpy as np
from contourpy import contour_generator
from manifold3d import CrossSection, FillRule, Manifold
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from generation.providers.mesh.procedural.solids import (
    Points,
    joined,
    joined_outlines,
    rounded_box,
    signed_area,
    slab,
    softened,
    solid_of,
)
from generation.providers.mesh.procedural.words import Wish

Picture = NDArray[np.float64]

#: Points of the longer side; the longer side in millimetres where nothing is said.
FINE, USUAL_MM = 256, 100.0
#: More pixels than that are no picture to be made of.
MOST_PIXELS = 100_000_000


def opened(data: bytes) -> Image.Image:
    """With its transparency, upright, and no larger than it takes."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    image = Image.open(io.BytesIO(data))
    image.draft("RGB", (2 * FINE, 2 * FINE))
    image.thumbnail((2 * FINE, 2 * FINE))
    return ImageOps.exif_transpose(image).convert("RGBA")


def relief(wish: Wish, image: Image.Image) -> Manifold:
    """What is light stands high, on a plate with a frame; what stands before a plain background is raised from it."""
    grey = _tones(image, blur=1.1)
    # What is fine stays, what is large becomes flatter: a hand's breadth of sky needn't be a mountain.
    broad = _blurred(grey, FINE / 14)
    heights = _stretched(0.45 * broad + 1.2 * (grey - broad))
    subject = _subject(image)
    if subject is not None:
        seen = _blurred(_drawn(subject, image.size, grey.shape), 1.6)
        heights = 0.5 * heights * (0.3 + 0.7 * seen) + 0.5 * seen
    long = _long_side(wish)
    deep = min(max(0.045 * long, 1.2), 8.0)
    return _framed(1.6 + deep * heights, long, border=0.03 * long, high=2.2 + deep)


def lithophane(wish: Wish, image: Image.Image) -> Manifold:
    """What is dark is thick; it stands, bent a little so that it doesn't fall, and wants a lamp behind it."""
    thick = 0.8 + 2.4 * (1 - _tones(image, blur=0.6) ** 0.9)
    long = _long_side(wish)
    flat = _framed(thick, long, border=0.025 * long, high=3.9)
    flat = flat.refine_to_length(long / 48)  # what is long couldn't be bent
    low_x, low_y, _, high_x, _, _ = flat.bounding_box()
    radius = 1.1 * (high_x - low_x)

    def curve(points: Points) -> Points:
        angle = points[:, 0] / radius
        out = radius + points[:, 2]
        return np.column_stack([out * np.sin(angle), radius - out * np.cos(angle), points[:, 1] - low_y])

    return flat.warp_batch(curve)


def silhouette(wish: Wish, image: Image.Image) -> Manifold:
    """The outline of what stands before the background, a few millimetres thick."""
    shape = _subject(image) or _outlined(_darkness(image)) or CrossSection.square(image.size)
    long = _long_side(wish)
    left, low, right, high = shape.bounds()
    factor = long / max(right - left, high - low)
    shape = softened(shape.scale((factor, factor)), 0.006 * long).simplify(0.0008 * long)
    thick = wish.measures.thickness or max(0.05 * long, 2.0)
    pieces = sorted(shape.decompose(), key=lambda piece: piece.area(), reverse=True)
    kept = [piece for piece in pieces if piece.area() > 0.004 * pieces[0].area()]
    solid = joined([slab(piece, thick, bevel=0.1 * thick) for piece in kept])
    if len(kept) > 1:  # what would fall apart stands on a ground of its own
        ground = joined_outlines(kept).offset(0.03 * long, circular_segments=64)
        ground = ground if len(ground.decompose()) == 1 else ground.hull()
        solid = solid.translate((0, 0, 0.4 * thick)) + slab(ground, 0.5 * thick, bevel=0.1 * thick)
    return solid


def _long_side(wish: Wish) -> float:
    said = wish.measures
    return said.longest or said.width or said.height or said.diameter or USUAL_MM


def _image(values: Picture) -> Image.Image:
    return Image.fromarray((np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8))


def _tones(image: Image.Image, *, blur: float) -> Picture:
    """From 0 to 1, without the outliers at both ends."""
    white = Image.new("RGBA", image.size, "white")
    grey = Image.alpha_composite(white, image).convert("L")
    grey.thumbnail((FINE, FINE), Image.Resampling.LANCZOS)
    grey = grey.resize((max(grey.width, 8), max(grey.height, 8)))
    return _stretched(np.asarray(grey.filter(ImageFilter.GaussianBlur(blur)), dtype=np.float64) / 255)


def _stretched(values: Picture) -> Picture:
    low, high = np.percentile(values, [0.5, 99.5])
    if high - low < 1 / 64:
        return np.full_like(values, 0.5)
    return np.clip((values - low) / (high - low), 0, 1)


def _framed(heights: Picture, long: float, *, border: float, high: float) -> Manifold:
    """A closed solid below the heights (the first row is the upper one), with a frame around it."""
    rows, columns = heights.shape
    step = (long - 2 * border) / (max(rows, columns) - 1)
    x = (np.arange(columns) - (columns - 1) / 2) * step
    y = ((rows - 1) / 2 - np.arange(rows)) * step
    grid = np.stack(
        [np.broadcast_to(x, heights.shape), np.broadcast_to(y[:, None], heights.shape), heights], axis=2
    )
    number = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (
        number[:-1, :-1].ravel(),
        number[:-1, 1:].ravel(),
        number[1:, :-1].ravel(),
        number[1:, 1:].ravel(),
    )
    top = np.vstack([np.column_stack([c, d, b]), np.column_stack([c, b, a])])
    edge = np.concatenate([number[-1, :], number[-2::-1, -1], number[0, -2::-1], number[1:-1, 0]])
    points = grid.reshape(-1, 3)
    below = points[edge] * (1, 1, 0)
    count = len(points)
    under = count + np.arange(len(edge))
    nextone = np.roll(np.arange(len(edge)), -1)
    middle = count + len(edge)
    sides = np.vstack(
        [
            np.column_stack([edge, under, under[nextone]]),
            np.column_stack([edge, under[nextone], edge[nextone]]),
            np.column_stack([under, np.full(len(edge), middle), under[nextone]]),
        ]
    )
    surface = solid_of(np.vstack([points, below, [(0, 0, 0)]]), np.vstack([top, sides]))
    wide, tall = (columns - 1) * step, (rows - 1) * step
    outer = rounded_box(wide + 2 * border, tall + 2 * border, 0.6 * border)
    inner = CrossSection.square((wide - 0.8 * step, tall - 0.8 * step), True)
    frame = slab(outer - inner, high, bevel=min(0.1 * border, 0.25), bottom=0)
    return surface + frame


def _subject(image: Image.Image) -> CrossSection | None:
    """The outline, in points, of what stands out: by its transparency, or by how much it differs from the picture's
    border. None where nothing does."""
    alpha = np.asarray(image.getchannel("A"), dtype=np.float64) / 255
    if np.mean(alpha < 0.5) > 0.02:
        seen = alpha
    else:
        lab = np.asarray(
            image.convert("RGB").filter(ImageFilter.GaussianBlur(1.5)).convert("LAB"), dtype=np.float64
        )
        border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
        plain = np.median(border, axis=0)
        if np.percentile(np.linalg.norm(border - plain, axis=1), 75) > 14:
            return None
        distance = np.linalg.norm(lab - plain, axis=2)
        seen = np.clip(distance / (2 * _between(distance)), 0, 1)
    seen = _blurred(seen, 1.2)
    return _outlined(seen) if 0.01 < np.mean(seen > 0.5) < 0.8 else None


def _darkness(image: Image.Image) -> Picture:
    tones = _tones(image, blur=2.0)
    return np.clip(0.5 + np.median(tones) * 0.9 - tones, 0, 1)


def _between(values: Picture) -> float:
    """Otsu: the value that parts the two kinds best."""
    counts, edges = np.histogram(values, 128)
    middles = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(max(middles[int(np.nanargmax(apart))], 1.0))


def _outlined(seen: Picture) -> CrossSection | None:
    """What lies above one half, upright and without what only looks like a hole: where a subject is as light as the
    background, narrow gaps are closed and small holes filled."""
    lines = contour_generator(z=np.pad(seen, 2)[::-1]).lines(0.5)
    contours = [np.asarray(line, dtype=np.float64)[:-1] - 2 for line in lines if len(line) > 8]
    shape = CrossSection(contours, FillRule.EvenOdd)
    if shape.is_empty():
        return None
    long = max(seen.shape)
    gap = 0.012 * long
    closed = shape.offset(gap, circular_segments=32).offset(-gap, circular_segments=32)
    small = [line[::-1] for line in closed.to_polygons() if -0.012 * long * long < signed_area(line) < 0]
    return closed + CrossSection(small, FillRule.NonZero)


def _drawn(shape: CrossSection, size: tuple[int, int], rows_columns: tuple[int, ...]) -> Picture:
    """An outline of a picture of that size, as a picture of white and black."""
    canvas = Image.new("L", size)
    pen = ImageDraw.Draw(canvas)
    for line in sorted(shape.to_polygons(), key=signed_area, reverse=True):
        points = [(float(x), size[1] - 1 - float(y)) for x, y in line]
        pen.polygon(points, fill=255 if signed_area(line) > 0 else 0)
    rows, columns = rows_columns
    return np.asarray(canvas.resize((columns, rows)), dtype=np.float64) / 255


def _blurred(values: Picture, radius: float) -> Picture:
    return np.asarray(_image(values).filter(ImageFilter.GaussianBlur(radius)), dtype=np.float64) / 255
