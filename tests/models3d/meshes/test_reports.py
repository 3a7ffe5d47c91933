"""Known shapes have known figures."""

from typing import Any

import numpy as np
import pytest
import trimesh

from models3d.domain.meshes.mesh import Mesh, MeshRefusedError
from models3d.domain.meshes.report import measured
from models3d.domain.reports import MeshReport
from tests.models3d.meshes.files import FACES, box


def report(vertices: Any, faces: Any) -> MeshReport:
    return measured(Mesh(np.array(vertices, float), np.array(faces)))


def report_of(shape: trimesh.Trimesh) -> MeshReport:
    return report(shape.vertices, shape.faces)


def moved(shape: trimesh.Trimesh, *offset: float, turn: float = 0, axis: Any = (1, 0, 0)) -> trimesh.Trimesh:
    if turn:
        shape.apply_transform(trimesh.transformations.rotation_matrix(np.radians(turn), axis))
    return shape.apply_translation(offset or (0, 0, 0))


def test_a_box_is_measured_exactly() -> None:
    found = report(*box((10, 20, 30)))
    assert found == MeshReport(
        triangles=12,
        vertices=8,
        shells=1,
        is_watertight=True,
        is_winding_consistent=True,
        boundary_edges=0,
        nonmanifold_edges=0,
        degenerate_faces=0,
        size_mm=(10.0, 20.0, 30.0),
        volume_mm3=6000.0,
        area_mm2=2200.0,
        overhang_share=0.0,
        thinnest_mm=10.0,
        thinnest_precision_mm=found.thinnest_precision_mm,
        samples=found.samples,
    )
    assert found.thinnest_precision_mm == pytest.approx(30 / 256, rel=1e-4)
    assert found.samples > 10_000


def test_repeated_corners_and_a_place_far_away_change_nothing() -> None:
    vertices, faces = box((10, 20, 30))
    soup = vertices[faces].reshape(-1, 3)
    again = report(soup, np.arange(36).reshape(-1, 3))
    assert again == report(vertices, faces)
    far = report(vertices + 8192, faces)  # what 32 bits hold exactly there
    assert (far.volume_mm3, far.size_mm, far.thinnest_mm) == (6000.0, (10.0, 20.0, 30.0), 10.0)


def test_faults_are_counted() -> None:
    vertices, faces = box((10, 10, 10))
    hole = report(vertices, faces[1:])
    assert (hole.is_watertight, hole.boundary_edges, hole.volume_mm3, hole.thinnest_mm) == (
        False,
        3,
        None,
        None,
    )
    turned = report(vertices, np.vstack([faces[:1, ::-1], faces[1:]]))
    assert (turned.is_watertight, turned.is_winding_consistent, turned.volume_mm3) == (True, False, None)
    inside_out = report(vertices, faces[:, ::-1])
    assert (inside_out.is_winding_consistent, inside_out.volume_mm3) == (True, -1000.0)
    flap = report(np.vstack([vertices, [(0, 0, 20)]]), np.vstack([faces, [(0, 1, 8)]]))
    assert (flap.nonmanifold_edges, flap.boundary_edges, flap.is_watertight) == (1, 2, False)
    useless = report(vertices, np.vstack([faces, [(0, 0, 1)]]))
    assert (useless.degenerate_faces, useless.is_watertight, useless.triangles) == (1, True, 13)
    two = report(np.vstack([vertices, vertices + 20]), np.vstack([faces, faces + 8]))
    assert (two.shells, two.volume_mm3) == (2, 2000.0)


def test_a_surface_is_no_solid() -> None:
    sheet = report([(0, 0, 0), (10, 0, 0), (10, 10, 0), (0, 10, 0)], [(0, 1, 2), (0, 2, 3)])
    assert (sheet.size_mm, sheet.area_mm2, sheet.volume_mm3) == ((10.0, 10.0, 0.0), 100.0, None)
    with pytest.raises(MeshRefusedError):
        report([(1, 1, 1)] * 3, [(0, 1, 2)])


#: shape, thinnest wall; exact where walls are flat, else as fine as the shape's own facets.
WALLS = [
    (moved(trimesh.creation.box((40, 30, 1.2)), turn=40, axis=(1, 2, 3)), 1.2),
    (trimesh.creation.annulus(9.25, 10, 20, sections=256), 0.75),
    (trimesh.creation.icosphere(subdivisions=4, radius=5), 10.0),
    (trimesh.creation.cylinder(3, 50, sections=128), 6.0),
]


def test_the_thinnest_wall_is_found() -> None:
    for shape, thinnest in WALLS:
        assert report_of(shape).thinnest_mm == pytest.approx(thinnest, rel=0.004)


def test_a_hollow_has_walls_and_overlapping_shells_have_none_between_them() -> None:
    inner, inner_faces = box((16, 16, 16))
    vertices, faces = box((20, 20, 20))
    hollow = report(np.vstack([vertices, inner + 2]), np.vstack([faces, inner_faces[:, ::-1] + 8]))
    assert (hollow.thinnest_mm, hollow.volume_mm3, hollow.shells) == (2.0, 20**3 - 16**3, 2)
    overlapping = report(np.vstack([vertices, vertices + [19, 0, 0]]), np.vstack([faces, faces + 8]))
    assert overlapping.thinnest_mm == 20.0  # and not the millimetre that they share


def test_a_tip_is_no_wall() -> None:
    assert report_of(trimesh.creation.cone(5, 20)).thinnest_mm is None


def test_overhangs_are_a_share_of_what_doesn_t_stand_on_the_bed() -> None:
    assert report_of(trimesh.creation.box((10, 10, 10))).overhang_share == 0
    # A T: the arms' undersides, 2 × 10 × 10, of all but the foot's bed.
    foot, top = trimesh.creation.box((10, 10, 20)), moved(trimesh.creation.box((30, 10, 5)), 0, 0, 12.5)
    table = trimesh.boolean.union([foot, top], engine="manifold")
    found = report_of(table)
    assert found.overhang_share == pytest.approx(200 / (found.area_mm2 - 100), rel=1e-4)
    # Sides that lean out by 45° are still fine, by 46° not any more.
    for degrees, leans in ((44, False), (45, False), (46, True)):
        reach = 10 * np.tan(np.radians(degrees))
        vertices, faces = box((10, 10, 10))
        vertices[vertices[:, 2] > 5, 0] += reach
        assert (report(vertices, faces).overhang_share > 0) is leans
    # A ball: what of it looks down by more than 45° is (1 - cos 45°) / 2.
    ball = trimesh.creation.icosphere(subdivisions=5)
    assert report_of(ball).overhang_share == pytest.approx((1 - np.sqrt(0.5)) / 2, rel=0.01)


def test_a_ball_is_measured_as_one() -> None:
    found = report_of(trimesh.creation.icosphere(subdivisions=5, radius=10))
    assert found.volume_mm3 == pytest.approx(4 / 3 * np.pi * 1000, rel=0.002)
    assert found.area_mm2 == pytest.approx(400 * np.pi, rel=0.002)


def test_faces_of_a_box_look_outwards() -> None:
    assert report(*box()).volume_mm3 > 0
    assert len(FACES) == 12
