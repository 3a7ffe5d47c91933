"""Pictures of meshes: what is to be seen on them, not how beautiful it is (docs/models3d.md shows that)."""

import io
from typing import Any

import numpy as np
import trimesh
from PIL import Image

from models3d.domain.meshes.drawing.camera import framed, turned
from models3d.domain.meshes.drawing.looks import corner_normals, look_of
from models3d.domain.meshes.drawing.pictures import (
    FRAMES,
    PREVIEW,
    TURNTABLE,
    drawn,
    shade_of,
    still,
)
from models3d.domain.meshes.drawing.zbuffer import seen
from models3d.domain.meshes.mesh import Material, Mesh
from models3d.domain.meshes.spans import covered
from tests.models3d.meshes.files import FACES, box

#: Small pictures say the same.
SIZE = 96


def pixels(mesh: Mesh, *, is_solid: bool = True) -> Any:
    look = look_of(mesh)
    return np.asarray(still(look, shade_of(look), SIZE, is_solid=is_solid)).astype(int)


def test_a_preview_and_a_turntable_are_made() -> None:
    mesh = Mesh(*box((10, 20, 30)))
    still, moving = drawn(mesh, is_solid=True)
    with Image.open(io.BytesIO(still)) as preview, Image.open(io.BytesIO(moving)) as turntable:
        assert (preview.format, preview.size, getattr(preview, "n_frames", 1)) == (
            "WEBP",
            (PREVIEW, PREVIEW),
            1,
        )
        assert (turntable.size, turntable.n_frames) == ((TURNTABLE, TURNTABLE), FRAMES)
        frames = []
        for number in (0, FRAMES // 4):
            turntable.seek(number)
            frames.append(np.asarray(turntable.convert("RGB")).astype(int))
    assert np.abs(frames[0] - frames[1]).mean() > 2  # it has turned
    assert len(still) < 60_000
    assert len(moving) < 200_000


def test_materials_textures_and_colours_are_seen() -> None:
    red = Image.new("RGB", (4, 4), (230, 10, 10))
    made = io.BytesIO()
    red.save(made, "PNG")
    vertices, _ = box((10, 10, 10))
    uv = vertices[:, :2] / 10
    scenes = {
        "material": Mesh(vertices, FACES, materials=(Material((230, 10, 10)),)),
        "texture": Mesh(vertices, FACES, materials=(Material((255, 255, 255), made.getvalue()),), uv=uv),
        "corners": Mesh(
            vertices,
            FACES,
            materials=(Material((255, 255, 255)),),
            colours=np.full((8, 3), (230, 10, 10), np.uint8),
        ),
    }
    for name, mesh in scenes.items():
        red, green, blue = pixels(mesh)[40:56, 40:56].mean(axis=(0, 1))
        assert (name, red > 100, green < 0.6 * red, blue < 0.6 * red) == (name, True, True, True)
    plain = pixels(Mesh(vertices, FACES))[40:56, 40:56]
    assert np.ptp(plain.mean(axis=(0, 1))) < 20


def test_light_comes_from_above_and_a_shadow_lies_below() -> None:
    picture = pixels(Mesh(*box((10, 10, 10))))
    top, corner = picture[18:21, 40:44].mean(), picture[1, 1].mean()
    side = picture[50:54, 66:70].mean()
    assert top > side + 20
    line = picture[70:90, 38].mean(axis=1)  # from the front face down over the bed
    assert line.min() < corner


def test_holes_show_the_inside() -> None:
    mesh = Mesh(*box((10, 10, 10)))
    lid_off = Mesh(mesh.vertices, mesh.faces[:10])
    assert np.abs(pixels(mesh) - pixels(lid_off, is_solid=False)).mean() > 0.5


def test_what_is_nearest_is_seen() -> None:
    vertices, faces = box((1, 1, 1))
    vertices -= 0.5
    camera = framed(vertices, turned(0, 0), 64)
    both = seen(vertices, faces, camera, 64, is_solid=False)
    front = seen(vertices, faces, camera, 64, is_solid=True)
    assert set(both.triangle) == set(front.triangle) == {4, 5}  # the front, where y is least
    assert len(both.x) == len(front.x) > 2000
    assert np.allclose(both.shares.sum(axis=1), 1)


def test_triangles_that_share_an_edge_share_no_pixel() -> None:
    rng = np.random.default_rng(4)
    grid = np.stack(np.meshgrid(np.arange(9), np.arange(9)), axis=-1).reshape(-1, 2) * 8 + rng.uniform(
        -3, 3, (81, 2)
    )
    index = np.arange(81).reshape(9, 9)
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    faces = np.vstack([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    for chunk in (10, 1_000_000):
        parts = list(covered(*(grid[:, axis][faces.T] for axis in (0, 1)), 64, 64, chunk=chunk))
        places = np.concatenate([part.y * 64 + part.x for part in parts])
        assert len(places) == len(np.unique(places))
        inside = places[(places // 64 > 5) & (places % 64 > 5) & (places // 64 < 58) & (places % 64 < 58)]
        assert len(inside) == 52 * 52  # and none is missed


def test_bends_are_smooth_and_edges_sharp() -> None:
    cylinder = trimesh.creation.cylinder(5, 10, sections=64)
    points = np.array(cylinder.vertices)[cylinder.faces]
    normals = corner_normals(points, np.array(cylinder.faces))
    is_side = np.abs(cylinder.face_normals[:, 2]) < 0.5
    outwards = points[is_side] * [1, 1, 0] / 5
    assert np.allclose(normals[is_side], outwards, atol=0.03)
    assert np.allclose(np.abs(normals[~is_side][..., 2]), 1)
