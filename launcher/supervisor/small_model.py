"""The server of the small local model, as one more process that the house can do without."""

from __future__ import annotations

import secrets
from collections.abc import MutableMapping
from functools import partial

from config.env import ROOT
from config.published import SMALL_MODEL, publish_small_model, withdraw
from launcher.local_llm.installation import Installation
from launcher.local_llm.weights import Model
from launcher.supervisor.ports import LOOPBACK, answers, free_port
from launcher.supervisor.processes import ProcessSpec

NAME = "local-llm"
PROGRAM = ROOT / "launcher" / "local_llm" / "server.py"


class SmallModel:
    """A server of the model that is installed in `installation`, on a free port and with a key of its own.

    The product's processes read where it is from `environment`, which says so until the server is lost.
    """

    def __init__(self, installation: Installation, model: Model) -> None:
        self._installation = installation
        self._model = model
        self._port = free_port()
        self.settings = {
            "SMALL_MODEL_BASE_URL": f"http://{LOOPBACK}:{self._port}/v1",
            "SMALL_MODEL_API_KEY": secrets.token_urlsafe(32),
            "SMALL_MODEL_NAME": model.name,
        }

    def spec(self, environment: MutableMapping[str, str]) -> ProcessSpec:
        """What a supervisor runs. Writes the server's settings into `environment`, and empties them with the loss."""
        environment.update(self.settings)
        command = (
            *(str(self._installation.python), "-I", str(PROGRAM)),
            *("--model", str(self._installation.file(self._model)), "--alias", self._model.name),
            *("--port", str(self._port), "--memory", str(self._model.memory)),
        )
        own = {
            "SMALL_MODEL_API_KEY": self.settings["SMALL_MODEL_API_KEY"],
            # The C library reserves address space for each thread otherwise, which the limit counts.
            "MALLOC_ARENA_MAX": "2",
        }

        def forget() -> None:
            environment.update(dict.fromkeys(self.settings, ""))
            self.withdraw()

        ready = partial(answers, self._port, "/health")
        return ProcessSpec(NAME, command, own, is_ready=ready, on_loss=forget)

    def publish(self) -> None:
        """For commands in other terminals."""
        publish_small_model(self._installation.var_dir, self.settings)

    def withdraw(self) -> None:
        withdraw(self._installation.var_dir, SMALL_MODEL)
