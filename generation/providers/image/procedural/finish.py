"""What a style does to the whole picture at the end."""

import numpy as np
from PIL import Image, ImageDraw

from generation.providers.image.procedural.canvas import FINER, Canvas, Fill, Style
from generation.providers.image.procedural.colours import hexed, vector
from generation.providers.image.procedural.noise import Floats, blurred, clouds, resized, smoothstep

#: Triangles are split while their colours differ by more than this, and as often.
DIFFERENCE, SPLITS = 0.045, 10


def finish(canvas: Canvas) -> None:
    finishes = {
        Style.REALISTIC: _photograph,
        Style.CARTOON: _print,
        Style.GEOMETRIC: _facets,
        Style.JAPANESE: _watercolour,
    }
    finishes[canvas.style](canvas)
    np.clip(canvas.pixels, 0, 1, out=canvas.pixels)


def _small_blur(canvas: Canvas, field: Floats, radius: float) -> Floats:
    """A wide blur, reckoned on a quarter of the size."""
    width, height = max(canvas.width // 4, 4), max(canvas.height // 4, 4)
    channels = []
    for one in range(field.shape[2]):
        small = blurred(resized(field[..., one], width, height), max(radius / 4, 1))
        channels.append(resized(small, canvas.width, canvas.height))
    return np.stack(channels, axis=-1)


def soften(canvas: Canvas, share: float) -> None:
    """What is far behind the subject, out of focus."""
    if canvas.style is Style.REALISTIC:
        canvas.pixels = _small_blur(canvas, canvas.pixels, canvas.unit * share)


def _vignette(canvas: Canvas, strength: float) -> None:
    rows = np.linspace(-1, 1, canvas.height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, canvas.width, dtype=np.float32)[None, :]
    far = np.sqrt(rows * rows + columns * columns) / 1.414
    canvas.pixels *= (1 - strength * smoothstep(0.45, 1.05, far))[..., None]


def _photograph(canvas: Canvas) -> None:
    pixels = np.clip(canvas.pixels, 0, 1)
    bright = np.clip(pixels - 0.72, 0, 1) * 1.6
    pixels = pixels + _small_blur(canvas, bright, canvas.unit * 0.03) * 0.55
    pixels = np.clip(pixels, 0, 1)
    canvas.pixels = pixels * 0.62 + 0.38 * pixels * pixels * (3 - 2 * pixels)
    _vignette(canvas, 0.3)
    noise = canvas.rng.normal(0, 0.008, (canvas.height // 2 + 1, canvas.width // 2 + 1)).astype(np.float32)
    canvas.pixels += np.kron(noise, np.ones((2, 2), np.float32))[: canvas.height, : canvas.width, None]


def _print(canvas: Canvas) -> None:
    grey = canvas.pixels.mean(axis=2, keepdims=True)
    canvas.pixels = grey + (canvas.pixels - grey) * 1.16


def _facets(canvas: Canvas) -> None:
    """Triangles that follow what is there: split where the colours differ, even where they don't."""
    pixels, rng = np.clip(canvas.pixels, 0, 1), canvas.rng
    triangles = _grid(canvas)
    corners = np.array(
        [
            [0.8, 0.1, 0.1],
            [0.1, 0.8, 0.1],
            [0.1, 0.1, 0.8],
            [1 / 3, 1 / 3, 1 / 3],
            [0.45, 0.45, 0.1],
            [0.1, 0.45, 0.45],
            [0.45, 0.1, 0.45],
        ],
        np.float32,
    )
    done: list[np.ndarray] = []
    for step in range(SPLITS):
        places = np.einsum("sk,nkc->nsc", corners, triangles)
        found = _sampled(pixels, places)
        edges = np.linalg.norm(triangles - np.roll(triangles, -1, axis=1), axis=2)
        uneven = found.std(axis=1).mean(axis=1) > DIFFERENCE * (0.6 + 0.08 * step)
        uneven &= edges.max(axis=1) > canvas.unit * 0.009
        done.append(triangles[~uneven])
        triangles = _halved(triangles[uneven], edges[uneven], rng)
        if not len(triangles):
            break
    every = np.concatenate([*done, triangles])
    found = _sampled(pixels, np.einsum("sk,nkc->nsc", corners, every))
    colours = np.median(found, axis=1)
    colours = np.clip(colours * (1 + rng.normal(0, 0.045, (len(every), 1))), 0, 1)
    image = Image.fromarray((pixels * 255).astype(np.uint8)).resize(
        (canvas.width * FINER, canvas.height * FINER)
    )
    draw = ImageDraw.Draw(image)
    scaled = (every * FINER).reshape(len(every), 6).tolist()
    for points, colour in zip(scaled, (colours * 255).astype(int).tolist(), strict=True):
        draw.polygon(points, fill=tuple(colour), outline=tuple(colour))
    canvas.pixels = np.asarray(image.reduce(FINER), dtype=np.float32) / 255 * 1.06
    _vignette(canvas, 0.12)


def _grid(canvas: Canvas) -> np.ndarray:
    """Two triangles for each cell of a grid whose inner knots are moved about."""
    cell = canvas.unit / 9
    columns, rows = max(int(canvas.width / cell), 2), max(int(canvas.height / cell), 2)
    xs, ys = np.meshgrid(np.linspace(0, canvas.width, columns + 1), np.linspace(0, canvas.height, rows + 1))
    move = canvas.rng.uniform(-0.33, 0.33, (2, rows + 1, columns + 1)) * cell
    move[:, [0, -1], :] = 0
    move[:, :, [0, -1]] = 0
    knots = np.stack([xs + move[0], ys + move[1]], axis=-1)
    a, b, c, d = knots[:-1, :-1], knots[:-1, 1:], knots[1:, 1:], knots[1:, :-1]
    halves = [np.stack(one, axis=2).reshape(-1, 3, 2) for one in ((a, b, c), (a, c, d))]
    return np.concatenate(halves).astype(np.float32)


def _sampled(pixels: Floats, places: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    x = np.clip(places[..., 0], 0, width - 1).astype(int)
    y = np.clip(places[..., 1], 0, height - 1).astype(int)
    return pixels[y, x]


def _halved(triangles: np.ndarray, edges: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each into two, across its longest edge, not quite in the middle."""
    first = edges.argmax(axis=1)
    rows = np.arange(len(triangles))
    a, b, c = (triangles[rows, (first + turn) % 3] for turn in range(3))
    middle = a + (b - a) * rng.uniform(0.42, 0.58, (len(triangles), 1)).astype(np.float32)
    return np.concatenate([np.stack([a, middle, c], axis=1), np.stack([middle, b, c], axis=1)])


def _watercolour(canvas: Canvas) -> None:
    """Washes that run a little, dry darker at their edges, grain in the paper, and leave its margin white."""
    rng, unit = canvas.rng, canvas.unit
    width, height = canvas.width, canvas.height
    wobble = [clouds(rng, width, height, cell=unit / 18, octaves=3) - 0.5 for _ in range(2)]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    y = np.clip(rows + wobble[0] * unit * 0.016, 0, height - 1).astype(int)
    x = np.clip(columns + wobble[1] * unit * 0.016, 0, width - 1).astype(int)
    pixels = np.clip(canvas.pixels[y, x], 0, 1)
    soft = _small_blur(canvas, pixels, unit * 0.006)
    edge = np.clip(soft - pixels, 0, 1).mean(axis=2) * 1.6
    pixels = 1 - (1 - (soft * 0.4 + pixels * 0.6)) * 0.86
    grey = pixels.mean(axis=2, keepdims=True)
    pixels = np.clip(grey + (pixels - grey) * 1.35, 0, 1)
    paper = vector(hexed("#f7f1e4"))
    runs = clouds(rng, width, height, cell=unit / 3, octaves=5)
    thin = 0.1 + 0.36 * smoothstep(0.45, 0.95, runs)
    pixels = pixels + thin[..., None] * (paper - pixels)
    pixels *= (1 - np.clip(edge * 1.7, 0, 0.35))[..., None]
    fibre = rng.normal(0, 1, (height, width)).astype(np.float32)
    fibre = fibre - np.roll(fibre, 1, 0)
    pixels *= (1 + 0.014 * fibre + 0.05 * (canvas.grain - 0.5))[..., None]
    away = np.minimum(np.minimum(rows, height - 1 - rows), np.minimum(columns, width - 1 - columns)) / unit
    inside = smoothstep(0.022, 0.05, away + (runs - 0.5) * 0.03 + wobble[0] * 0.012)
    rim = np.clip(inside * (1 - inside) * 4, 0, 1) * 0.14
    pixels = paper + inside[..., None] * (pixels * (1 - rim)[..., None] - paper)
    canvas.pixels = pixels.astype(np.float32)
    _seal(canvas)


def _seal(canvas: Canvas) -> None:
    """A red stamp without letters."""
    size = canvas.unit * 0.042
    x, y = canvas.width * 0.9 - size, canvas.height * 0.9 - size
    square = [(x, y), (x + size, y), (x + size, y + size), (x, y + size)]
    red = hexed("#b8382c")
    canvas.shape(square, red, fill=Fill.SHINING, alpha=0.85)
    upright = [(left, 0.16, left + 0.1, 0.84) for left in (0.18, 0.45, 0.72)]
    for left, top, right, bottom in (*upright, (0.18, 0.44, 0.82, 0.54)):
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        bar = [(x + size * across, y + size * down) for across, down in corners]
        canvas.shape(bar, hexed("#f7f1e4"), fill=Fill.SHINING, alpha=0.9)
