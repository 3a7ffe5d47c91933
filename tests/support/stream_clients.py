"""The clients of docs/conversations.md, as programs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from config.env import ROOT

NODE = shutil.which("node")


def example(language: str) -> str:
    """The document's code in this language."""
    text = (ROOT / "docs" / "conversations.md").read_text("utf-8")
    _, _, rest = text.partition(f"```{language}\n")
    return rest.partition("```")[0]


class Client:
    """A program that follows a message to its end."""

    def __init__(self, language: str, folder: Path, url: str, token: str) -> None:
        script = folder / f"client.{'py' if language == 'python' else 'mjs'}"
        command = [sys.executable, str(script), url, token]
        if language == "python":
            script.write_text(example(language), "utf-8")
        else:
            assert NODE is not None
            tail = "console.log(JSON.stringify(await follow(...process.argv.slice(2))));\n"
            script.write_text(example(language) + tail, "utf-8")
            command = [NODE, *command[1:]]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def result(self, seconds: float) -> tuple[str, dict[str, Any]]:
        """The text that it has and the last event."""
        out, err = self._process.communicate(timeout=seconds)
        assert self._process.returncode == 0, err.decode()
        text, end = json.loads(out)
        return text, end

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
