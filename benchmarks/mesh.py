"""Meshes of 10,000, 250,000 and a million triangles: report and thumbnail, all that is done with an upload, repair, and
each conversion.

    python -m benchmarks.mesh [--triangles 10000 250000 1000000] [--formats]

Each step is a process of its own, as in production, whose start counts. Prints for each the seconds of the processor
(those of the clock depend on what else the machine does) and the peak of memory, a verdict and a JSON line; ends with 1
when report and thumbnail of 250,000 triangles are over the aim. `--formats` measures reading each format, too.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

AIM_SECONDS, AIM_MB, AIM_TRIANGLES = 3.0, 800, 250_000
SIZES = (10_000, AIM_TRIANGLES, 1_000_000)


@dataclass(frozen=True)
class Measured:
    step: str
    triangles: int
    cpu_seconds: float
    seconds: float
    peak_mb: int


# -- what is measured, in a process of its own ---------------------------------------------------------------------


def glance(data: bytes) -> None:
    """Report and thumbnail."""
    from models3d.domain.meshes.compact import compact
    from models3d.domain.meshes.drawing.looks import look_of
    from models3d.domain.meshes.drawing.pictures import PREVIEW, shade_of, still
    from models3d.domain.meshes.reading.files import read_mesh
    from models3d.domain.meshes.report import measured

    mesh = compact(read_mesh(data)[1])
    measured(mesh)
    look = look_of(mesh)
    still(look, shade_of(look), PREVIEW, is_solid=True)


def read(data: bytes) -> None:
    from models3d.domain.meshes.reading.files import read_mesh

    read_mesh(data)


def done(**order: Any) -> Callable[[bytes], None]:
    def do(data: bytes) -> None:
        from models3d.domain.meshes.program import main

        facts, _ = main(dict(order), data)
        assert "refused" not in facts, facts

    return do


STEPS: dict[str, Callable[[bytes], None]] = {
    "report and thumbnail": glance,
    "all of an upload": done(do="inspect"),
    "repair": done(do="repair", scale=1.0),
    **{f"to {kind}": done(do="convert", to=kind, scale=1.0) for kind in ("glb", "stl", "obj", "3mf")},
    "read": read,
}


# -- measuring -----------------------------------------------------------------------------------------------------


def bumpy_ball(triangles: int) -> bytes:
    """A closed, bumpy mesh of so many triangles as a binary STL: a grid around, and a point at each pole."""
    import numpy as np

    from models3d.domain.meshes.mesh import Mesh
    from models3d.domain.meshes.writing.stl import write_stl

    rings = int((triangles / 4) ** 0.5)
    around = triangles // (2 * rings)
    angle, height = np.meshgrid(
        np.linspace(0, 2 * np.pi, around, endpoint=False), np.linspace(-1, 1, rings + 2)[1:-1]
    )
    radius = 50 * (1 + 0.1 * np.sin(7 * angle) * np.cos(9 * height))
    flat = radius * np.sqrt(1 - height**2)
    ball = np.stack([flat * np.cos(angle), flat * np.sin(angle), radius * height], axis=-1).reshape(-1, 3)
    index = np.arange(rings * around).reshape(rings, around)
    following = np.roll(index, -1, axis=1)
    a, b, c, d = (part.ravel() for part in (index[:-1], following[:-1], following[1:], index[1:]))
    south, north = len(ball), len(ball) + 1
    faces = np.vstack(
        [
            *(np.column_stack(corners) for corners in ((a, b, c), (a, c, d))),
            np.column_stack([following[0], index[0], np.full(around, south)]),
            np.column_stack([index[-1], following[-1], np.full(around, north)]),
        ]
    )
    return write_stl(Mesh(np.vstack([ball, [(0, 0, -50), (0, 0, 50)]]), faces))


def measure(step: str, triangles: int, path: Path, label: str = "") -> Measured:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.mesh", "--do", step, str(path)],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        check=True,
        stdout=subprocess.PIPE,
    )
    cpu_seconds, peak_kb = json.loads(done.stdout)
    found = Measured(
        step=label or step,
        triangles=triangles,
        cpu_seconds=round(cpu_seconds, 2),
        seconds=round(time.monotonic() - began, 2),
        peak_mb=peak_kb // 1024,
    )
    print(
        f"{found.step:24}{triangles:>12,}{found.cpu_seconds:>9.2f}{found.seconds:>9.2f}{found.peak_mb:>9}",
        flush=True,
    )
    return found


def formats(path: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """The same mesh in each format that is written here."""
    from models3d.domain.meshes.doing import convert

    for kind in ("glb", "stl", "obj", "3mf"):
        other = folder / f"other.{kind}"
        other.write_bytes(convert(path.read_bytes(), to=kind, scale=1.0)[1]["file"])
        yield kind, other


def peak_memory() -> int:
    """Kilobytes. Where Linux tells it: what `getrusage` says begins with the parent's."""
    try:
        return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--triangles", type=int, nargs="+", default=SIZES)
    parser.add_argument("--formats", action="store_true")
    parser.add_argument("--do", nargs=2, metavar=("STEP", "FILE"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.do:
        step, path = chosen.do
        STEPS[step](Path(path).read_bytes())
        print(json.dumps([sum(os.times()[:2]), peak_memory()]))
        return 0
    found = []
    print(f"{'step':24}{'triangles':>12}{'CPU s':>9}{'clock s':>9}{'peak MB':>9}")
    with TemporaryDirectory() as folder:
        path = Path(folder, "ball.stl")
        for triangles in chosen.triangles:
            path.write_bytes(bumpy_ball(triangles))
            found += [measure(step, triangles, path) for step in STEPS if step != "read"]
            if chosen.formats:
                others = formats(path, Path(folder))
                found += [measure("read", triangles, other, f"read {kind}") for kind, other in others]
    aimed = [one for one in found if one.step == "report and thumbnail" and one.triangles == AIM_TRIANGLES]
    is_good = all(one.cpu_seconds <= AIM_SECONDS and one.peak_mb <= AIM_MB for one in aimed)
    print(
        f"aim: {AIM_TRIANGLES:,} triangles in {AIM_SECONDS} s and {AIM_MB} MB: {'met' if is_good else 'missed'}"
    )
    print(json.dumps([asdict(one) for one in found]))
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
