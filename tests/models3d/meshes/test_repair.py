"""Simple faults are mended; what isn't simple stays."""

from typing import Any

import numpy as np
import trimesh

from models3d.domain.meshes.mesh import Mesh
from models3d.domain.meshes.repair import Mended, mended
from models3d.domain.meshes.report import measured
from models3d.domain.reports import MeshReport
from tests.models3d.meshes.files import box

VERTICES, FACES = box((10, 10, 10))
NOTHING = dict.fromkeys(
    ("merged_vertices", "dropped_faces", "turned_faces", "closed_holes", "added_faces"), 0
)


def repaired(vertices: Any, faces: Any) -> tuple[dict[str, int], MeshReport]:
    made = mended(Mesh(np.array(vertices, float), np.array(faces)))
    return {name: count for name, count in made.changes.items() if count}, measured(made.mesh)


def test_what_is_whole_stays_as_it_is() -> None:
    made = mended(Mesh(VERTICES, FACES))
    assert made.changes == NOTHING
    assert (made.mesh.faces == FACES).all()


def test_each_fault_is_mended() -> None:
    apart = VERTICES[FACES].reshape(-1, 3) + np.random.default_rng(1).uniform(-2e-5, 2e-5, (36, 3))
    cases = {
        "a hole": (VERTICES, FACES[1:], {"closed_holes": 1, "added_faces": 1}),
        "a missing side": (VERTICES, FACES[2:], {"closed_holes": 1, "added_faces": 4}),
        "a turned face": (VERTICES, np.vstack([FACES[:1, ::-1], FACES[1:]]), {"turned_faces": 1}),
        "half of them turned": (VERTICES, np.vstack([FACES[:5, ::-1], FACES[5:]]), {"turned_faces": 5}),
        "inside out": (VERTICES, FACES[:, ::-1], {"turned_faces": 12}),
        "a face twice": (VERTICES, np.vstack([FACES, FACES[:1, [1, 2, 0]]]), {"dropped_faces": 1}),
        "a face that is none": (VERTICES, np.vstack([FACES, [(3, 3, 5)]]), {"dropped_faces": 1}),
        "corners that don't quite meet": (apart, np.arange(36).reshape(-1, 3), {"merged_vertices": 28}),
    }
    for name, (vertices, faces, changes) in cases.items():
        found, report = repaired(vertices, faces)
        assert (name, found) == (name, changes)
        assert (name, report.is_watertight, report.is_winding_consistent) == (name, True, True)
        assert (name, round(report.volume_mm3 or 0, 1)) == (name, 1000.0)


def test_a_hollow_stays_one() -> None:
    inner, inner_faces = box((6, 6, 6))
    vertices = np.vstack([VERTICES, inner + 2])
    changes, report = repaired(vertices, np.vstack([FACES, inner_faces[:, ::-1] + 8]))
    assert (changes, report.volume_mm3) == ({}, 1000 - 216)


def test_what_is_open_on_purpose_stays_open() -> None:
    vase = trimesh.creation.cylinder(20, 80, sections=200)
    side = vase.faces[np.abs(vase.face_normals[:, 2]) < 0.5]  # rims of 200 edges
    changes, report = repaired(vase.vertices, side)
    assert (changes, report.boundary_edges) == ({}, 400)
    sheet = np.array([(0, 0, 0), (10, 0, 0), (10, 10, 0), (0, 10, 0)], float)
    assert repaired(sheet, [(0, 1, 2), (0, 2, 3)])[0] == {}


def test_a_strip_that_has_one_side_stays_as_it_is() -> None:
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    middle = np.column_stack([np.cos(angles), np.sin(angles), 0 * angles]) * 10
    across = np.column_stack(
        [np.cos(angles) * np.cos(angles / 2), np.sin(angles) * np.cos(angles / 2), np.sin(angles / 2)]
    )
    vertices = np.vstack([middle - across, middle + across])
    quads = [(n, n + 1, n + 25, n + 24) for n in range(23)] + [(23, 24, 0, 47)]
    faces = [face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))]
    changes, report = repaired(vertices, faces)
    assert changes == {}
    assert not report.is_winding_consistent


def test_thousands_of_holes_are_closed_at_once() -> None:
    ball = trimesh.creation.icosphere(subdivisions=4, radius=10)
    boxes, place = [VERTICES + [20 + 11 * number, 0, 0] for number in range(500)], len(ball.vertices)
    vertices = np.vstack([ball.vertices, *boxes])
    faces = np.vstack([ball.faces, *(FACES[1:] + place + 8 * number for number in range(500))])
    changes, report = repaired(vertices, faces)
    assert (changes["closed_holes"], report.is_watertight, report.shells) == (500, True, 501)


def test_textures_and_materials_stay_where_they_are() -> None:
    kinds = np.arange(10) % 2
    mesh = Mesh(
        VERTICES,
        FACES[2:],
        face_material=kinds,
        uv=VERTICES[:, :2] / 10,
        colours=np.full((8, 3), 7, np.uint8),
    )
    made: Mended = mended(mesh)
    assert made.mesh.face_material is not None
    assert made.mesh.face_material[:10].tolist() == kinds.tolist()
    assert made.mesh.uv is not None
    assert len(made.mesh.uv) == len(made.mesh.vertices) == 9
    assert made.mesh.colours is not None
    assert made.mesh.colours.shape == (9, 3)
