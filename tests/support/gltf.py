"""Khronos's validator of glTF, run by node, where `make` has installed it (tests/node)."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.architecture.house import ROOT

FOLDER = ROOT / "tests" / "node"
NODE = shutil.which("node")
IS_THERE = NODE is not None and (FOLDER / "node_modules" / "gltf-validator").is_dir()


def issues(files: Mapping[str, bytes], folder: Path) -> dict[str, list[dict[str, Any]]]:
    """By name, all that the validator finds: errors, warnings and hints."""
    assert NODE is not None
    paths = []
    for number, content in enumerate(files.values()):
        paths.append(folder / f"{number}.glb")
        paths[-1].write_bytes(content)
    done = subprocess.run(  # noqa: S603
        [NODE, "validate.mjs"],
        cwd=FOLDER,
        input="\n".join(map(str, paths)),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line)["messages"] for line in done.stdout.splitlines()]
    return dict(zip(files, answers, strict=True))
