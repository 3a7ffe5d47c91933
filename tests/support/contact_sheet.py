"""What the procedural modeller makes, on one sheet: `python -m tests.support.contact_sheet docs/images/models.webp`."""

import io
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from generation.providers.image.procedural.paint import paint
from generation.providers.mesh.procedural.model import model
from models3d.domain.meshes.drawing.pictures import drawn
from models3d.domain.meshes.reading.files import read_mesh

TILE, GAP, COLUMNS = 340, 6, 6
CAT = "a cat on a plain background"
#: Prompt, seed, and what a picture becomes.
ORDERS = [
    ("a mug", 1, ""),
    ("高的螺旋花瓶", 12, ""),
    ("a gear with 24 teeth", 7, ""),
    ("立体字「你好」", 1, ""),
    ("a ribbed planter", 2, ""),
    ("a phone stand", 1, ""),
    ("a round box", 1, ""),
    ("a ribbed vase", 3, ""),
    (CAT, 3, "relief"),
    ("铜钱", 1, ""),
    ("六角杯子", 2, ""),
    ("a wall hook", 2, ""),
    ("刻着福的戒指", 3, ""),
    ("a faceted vase", 9, ""),
    ('sign "OPEN"', 2, ""),
    ("六角盒子", 4, ""),
    ("人字齿轮", 2, ""),
    (CAT, 3, "lithophane"),
    ("dog bone tag for Rex", 1, ""),
    ("a wavy vase", 1, ""),
    ('桌牌 "王小明"', 2, ""),
    ("a faceted planter", 3, ""),
    ("a coin", 2, ""),
    ("双钩", 3, ""),
]


def tile(order: tuple[str, int, str]) -> Image.Image:
    prompt, seed, shape = order
    picture = paint(prompt, width=512, height=512, seed=seed, style="cartoon") if shape else b""
    _, mesh = read_mesh(model("" if shape else prompt, seed=seed, image=picture, shape=shape))
    preview, _ = drawn(mesh, is_solid=True)
    return Image.open(io.BytesIO(preview)).convert("RGB").resize((TILE, TILE), Image.Resampling.LANCZOS)


def main(path: Path) -> None:
    rows = -(-len(ORDERS) // COLUMNS)
    step = TILE + GAP
    sheet = Image.new("RGB", (COLUMNS * step - GAP, rows * step - GAP), "white")
    with ThreadPoolExecutor(2) as pool:
        for number, one in enumerate(pool.map(tile, ORDERS)):
            sheet.paste(one, (number % COLUMNS * step, number // COLUMNS * step))
    sheet.save(path, "WEBP", quality=84, method=6)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
