"""The procedural modeller: closed and printable, the same for the same order, something else for others, and honest
about what it is."""

import io
import json
import struct
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from config.programs.running import ProgramFailedError
from generation.providers.mesh.procedural.model import model
from generation.providers.mesh.procedural.pictures import FINE
from generation.providers.mesh.procedural.program import mesh
from generation.providers.mesh.procedural.shapes import PICTURES, SHAPES, make
from generation.providers.mesh.procedural.sizes import Measures, read_sizes
from generation.providers.mesh.procedural.words import WORDS, read_wish
from generation.providers.vocabulary import vocabulary
from models3d.domain.meshes.reading.files import read_mesh
from models3d.domain.meshes.report import measured
from models3d.domain.meshes.topology import welded
from models3d.domain.reports import MeshReport
from models3d.domain.verdicts import verdict
from tests.support import gltf


def drawing(colour: str = "white") -> bytes:
    """A ring and a bar on a plain ground."""
    image = Image.new("RGB", (60, 48), colour)
    pen = ImageDraw.Draw(image)
    pen.ellipse((12, 8, 44, 40), outline="#802020", width=7)
    pen.rectangle((40, 20, 52, 27), fill="#205080")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def made(prompt: str, seed: int = 1, **order: Any) -> bytes:
    image = b64encode(order.pop("image", b"")).decode()
    return mesh(prompt, seed=seed, image=image, **{"shape": "", "size_mm": None, **order})


def is_closed(glb: bytes) -> bool:
    """Whether each edge is run through once in each direction, and the inside is inside."""
    _, found = read_mesh(glb)
    point, first = welded(found.vertices)
    faces, points = point[found.faces], found.vertices[first]
    begin, end = faces.ravel(), faces[:, [1, 2, 0]].ravel()
    one, other = np.sort(begin * len(points) + end), np.sort(end * len(points) + begin)
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    return bool(
        (one == other).all() and (np.diff(one) > 0).all() and np.einsum("ij,ij->", a, np.cross(b, c)) > 0
    )


def report_of(glb: bytes) -> MeshReport:
    _, found = read_mesh(glb)
    found.vertices = found.vertices * 1000
    return measured(found)


def size_of(prompt: str, seed: int = 1, **order: Any) -> np.ndarray:
    solid = make(prompt, seed=seed, **order).solid
    return np.subtract(solid.bounding_box()[3:], solid.bounding_box()[:3])


def head_of(glb: bytes) -> dict[str, Any]:
    (length,) = struct.unpack_from("<I", glb, 12)
    return json.loads(glb[20 : 20 + length])


#: Each kind, in both languages, with what its traits change.
ORDERS = {
    "mug": ["a ribbed mug", "方形杯子", 'mug saying "加油"'],
    "vase": ["a twisted vase", "多面花瓶"],
    "planter": ["a wavy plant pot", "六角花盆"],
    "box": ["a heart box", "圆形盒子，写着 茶"],
    "gear": ["a gear with 24 teeth", "人字齿轮"],
    "stand": ["phone stand", "平板支架", "dock"],
    "tag": ["dog bone tag for Rex", "心形钥匙扣"],
    "ring": ["a faceted ring", "刻着 福 的戒指"],
    "coin": ["a coin", "铜钱"],
    "hook": ["double wall hook", "挂钩"],
    "s_hook": ["S形挂钩"],
    "sign": ['sign "OPEN"', "一条龙飞过山谷"],
    "desk": ["desk sign for Ada"],
    "text": ["text: Hello", "立体字「你好」"],
}


@pytest.fixture(scope="module")
def meshes() -> dict[str, bytes]:
    """One of everything."""
    prompts = [prompt for group in ORDERS.values() for prompt in group]
    found = {prompt: made(prompt, seed=number) for number, prompt in enumerate(prompts)}
    return found | {shape: made("", image=drawing(), shape=shape) for shape in PICTURES}


def test_it_runs_as_a_program_of_its_own_and_says_what_it_is() -> None:
    answer = model("你好 🐈", seed=7, size_mm=80)
    told = head_of(answer)["asset"]
    assert told["extras"] == {"procedural": True, "shape": "sign", "seed": 7}
    assert told["generator"] == "Atelier procedural modeller"
    assert made("你好 🐈", 7, size_mm=80.0) == answer
    with pytest.raises(ProgramFailedError):
        model("", seed=7, image=b"no picture")


def test_everything_is_closed(meshes: dict[str, bytes]) -> None:
    assert ORDERS.keys() == SHAPES.keys()
    for name, glb in meshes.items():
        assert is_closed(glb), name
        assert len(glb) < 4_000_000, name


def test_the_report_says_that_it_can_be_printed(meshes: dict[str, bytes]) -> None:
    for name in ("方形杯子", "铜钱", "silhouette"):
        report = report_of(meshes[name])
        assert (verdict(report).is_printable, report.shells) == (True, 1), name
    assert report_of(meshes["a heart box"]).shells == 2


def test_handles_hold_on_to_what_lies_deeper_between_corners() -> None:
    parts = {seed: len(make("faceted mug", seed=seed).solid.decompose()) for seed in range(7, 12)}
    assert set(parts.values()) == {1}, parts


def test_every_prompt_makes_its_own_kind(meshes: dict[str, bytes]) -> None:
    for shape, prompts in ORDERS.items():
        for prompt in prompts:
            assert head_of(meshes[prompt])["asset"]["extras"]["shape"] == shape, prompt


@pytest.mark.skipif(not gltf.IS_THERE, reason="`make test` installs the validator where there is npm")
def test_khronos_has_nothing_to_say(meshes: dict[str, bytes], tmp_path: Path) -> None:
    assert gltf.issues(meshes, tmp_path) == dict.fromkeys(meshes, [])


def test_seeds_and_words_make_other_meshes() -> None:
    for prompt in ("tag", "挂钩"):
        assert made(prompt, 3) == made(prompt, 3)
        assert len({made(prompt, seed) for seed in range(4)}) == 4, prompt
    pictures = [made("", image=drawing(colour)) for colour in ("white", "black")]
    assert pictures[0] != pictures[1]
    assert made("text: 你好") != made("text: 您好")


def test_what_words_change_is_seen() -> None:
    plain = size_of("vase")
    for tall in ("a tall vase", "高高的花瓶"):
        assert size_of(tall)[2] > 1.3 * plain[2]
    for wide in ("a wide vase", "宽的花瓶"):
        assert size_of(wide)[0] > 1.2 * plain[0]
    mug = {shape: make(f"{shape} mug", seed=1).solid for shape in ("round", "square")}
    share = {
        shape: solid.project().area()
        / np.prod(np.subtract(solid.bounding_box()[3:5], solid.bounding_box()[:2]))
        for shape, solid in mug.items()
    }
    assert share["square"] > share["round"] + 0.06
    colour = head_of(made("红色的戒指"))["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"]
    assert colour[0] > 2 * max(colour[1:3])


def test_sizes_in_words_are_obeyed() -> None:
    for prompt, axis, mm in (
        ("高 10 厘米的马克杯", 2, 100),
        ("a vase, 20 cm tall", 2, 200),
        ("十五厘米高的花瓶", 2, 150),
        ("gear, 50 mm in diameter", 1, 50),
        ("直径 6 厘米的花盆", 1, 60),
        ('sign "OPEN" 12 cm wide', 0, 120),
        ("text: 你好, 5 cm high", 1, 50),
        ("hook 3 inches", 2, 76.2),
    ):
        assert size_of(prompt)[axis] == pytest.approx(mm, rel=1e-4), prompt
    solid = make("盒子 8 x 6 x 4 cm", seed=1).solid
    [body] = [part for part in solid.decompose() if part.bounding_box()[5] > 39]
    assert np.subtract(body.bounding_box()[3:], body.bounding_box()[:3]) == pytest.approx(
        [80, 60, 40], rel=1e-3
    )
    assert size_of("coin", size_mm=31.0).max() == pytest.approx(31, rel=1e-4)
    assert size_of("", image=drawing(), size_mm=70.0).max() == pytest.approx(70, rel=1e-4)
    assert read_sizes("10 x 8 x 5 cm box")[0] == Measures(width=100, depth=80, height=50)
    assert read_sizes("高10cm宽5cm")[0] == read_sizes("10cm高5cm宽")[0] == Measures(height=100, width=50)
    assert read_sizes("10 km, 0 mm tall")[0] == Measures(height=3)


def test_both_languages_wish_the_same() -> None:
    for english, chinese in (
        ("a tall red square vase, 12 cm tall", "红色的高高的方形花瓶，高12厘米"),
        ("ring box", "戒指盒"),
        ("a gear with 20 teeth", "20 齿的齿轮"),
        ("sign saying hello", "牌子，写着 hello"),
    ):
        one, other = read_wish(english), read_wish(chinese)
        for part in ("shape", "text", "traits", "colour", "count", "measures"):
            assert getattr(one, part) == getattr(other, part), (english, part)
    assert read_wish("a luggage tag for Alice").text == "Alice"
    assert read_wish("「工坊」立体字").text == "工坊"
    assert read_wish("cupboard").shape == ""
    shapes = {name for _, meanings in vocabulary(WORDS) for group, name in meanings if group == "shapes"}
    assert shapes == SHAPES.keys()


def test_pictures_are_read_as_they_are_meant() -> None:
    dark = make("", seed=1, image=drawing(), shape="lithophane").solid
    assert dark.volume() > make("", seed=1, image=drawing("black"), shape="lithophane").solid.volume() * 0.2
    ring = make("剪影", seed=1, image=drawing()).solid
    assert ring.genus() == 1
    assert make("浮雕", seed=1, image=drawing()).shape == "relief"
    assert make("", seed=1, image=drawing(), shape="relief", size_mm=50).solid.num_tri() < 4 * FINE * FINE


def test_whatever_is_asked() -> None:
    for prompt in ("", "?!", "🎉" * 50, "\x00\x1b", "猫" * 500, "w" * 2000, "0 mm", "gear with 999 teeth"):
        assert is_closed(made(prompt)), prompt
    for prompt in ("box", "ring", "text: 你好"):
        for mm in (5.0, 1000.0):
            glb = made(prompt, size_mm=mm)
            high = np.subtract(*(head_of(glb)["accessors"][0][end] for end in ("max", "min")))
            assert (is_closed(glb), high.max()) == (True, pytest.approx(mm / 1000, rel=1e-3)), (prompt, mm)
