"""Serves the small model by xllamacpp, as an OpenAI-compatible server on loopback.

xllamacpp has one model and answers in whatever name it is called by. So nobody is sent to it directly: a door in front
of it refuses the names of other models, and hands everything else on.

Stands alone: it runs in the model's own environment, which has nothing of the product.

    python -I server.py --model FILE --alias NAME --port N --memory BYTES

The key that callers must show comes in SMALL_MODEL_API_KEY. Ends by SIGTERM.
"""

import argparse
import http.client
import http.server
import json
import os
import resource
import signal
import socket
import sys
import threading
from contextlib import suppress
from typing import Any

LOOPBACK = "127.0.0.1"
NICENESS = 5  # what people wait for comes first: pages, streams, the database
#: Calls answered at once: a chat need not wait for a whole document. More wait in the server's queue.
SLOTS = 2
#: Tokens of one call, question and answer together: a document of three pieces and its prompt.
CONTEXT = 12_288
#: More threads than this gain nothing for so small a model. One processor is left to the others: the threads wait for
#: each other at every step, and when one of them has to share its processor, all of them stand (a tenth of the speed).
MOST_THREADS = 8
HTTP_THREADS = 4
ERRORS_ONLY = 1
MOST_BYTES = 8 * 1024 * 1024
#: What a connection says of itself, not of what is asked.
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "te", "upgrade"}
)
#: Small models go round in circles: a repetition of more than six tokens becomes ever less likely
#: (DRY, github.com/oobabooga/text-generation-webui/pull/5677).
DRY = {"dry_multiplier": 0.8, "dry_base": 1.75, "dry_allowed_length": 6, "dry_penalty_last_n": 1024}


def main() -> int:
    parser = argparse.ArgumentParser(description="Serves the small model; make run starts it.")
    parser.add_argument("--model", required=True)
    parser.add_argument("--alias", required=True)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--memory", required=True, type=int, help="the most address space, in bytes")
    given = parser.parse_args()
    key = os.environ.get("SMALL_MODEL_API_KEY", "")
    if not key:
        sys.stderr.write("SMALL_MODEL_API_KEY is not set.\n")
        return 1
    stay_small(given.memory)
    inner = free_port()
    server = serve(given, key, inner)
    door = Door(given.port, inner, given.alias)
    threading.Thread(target=door.serve_forever, daemon=True).start()
    sys.stdout.write(f"{given.alias} listens on http://{LOOPBACK}:{given.port}\n")
    sys.stdout.flush()
    while server:
        signal.pause()
    return 0


def stay_small(memory: int) -> None:
    """Lets everything else go first, and bounds the memory where the system can (macOS can't)."""
    os.nice(NICENESS)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


class Door(http.server.ThreadingHTTPServer):
    """Listens on `port` for the server on `inner`, which serves only `model`."""

    daemon_threads = True

    def __init__(self, port: int, inner: int, model: str) -> None:
        super().__init__((LOOPBACK, port), Caller)
        self.inner = inner
        self.model = model


class Caller(http.server.BaseHTTPRequestHandler):
    """One connection. A caller who hangs up ends the work on his answer, too."""

    protocol_version = "HTTP/1.1"
    server: Door

    def do_GET(self) -> None:
        self._hand_on(b"")

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if size > MOST_BYTES:
            self.close_connection = True
            self._refuse(413, "The request is too large.", "invalid_request_error")
            return
        body = self.rfile.read(size)
        wanted = model_in(body)
        if wanted in (None, self.server.model):
            self._hand_on(body)
        else:
            self._refuse(
                404,
                f"The model {wanted!r} does not exist here; there is {self.server.model!r}.",
                "model_not_found",
            )

    def _hand_on(self, body: bytes) -> None:
        inner = http.client.HTTPConnection(LOOPBACK, self.server.inner)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        try:
            inner.request(self.command, self.path, body, headers)
            answer = inner.getresponse()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
            self.send_header("Connection", "close")
            self.end_headers()
            while piece := answer.read1(65_536):
                self.wfile.write(piece)
                self.wfile.flush()
        except OSError:
            pass  # one of the two has hung up
        finally:
            self.close_connection = True
            inner.close()

    def _refuse(self, status: int, message: str, code: str) -> None:
        text = json.dumps(
            {"error": {"message": message, "type": "invalid_request_error", "code": code}}
        ).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """The supervisor's log is for what goes wrong."""


def model_in(body: bytes) -> str | None:
    """The model that a request names."""
    try:
        wanted = json.loads(body)
    except (ValueError, RecursionError):
        return None
    name = wanted.get("model") if isinstance(wanted, dict) else None
    return name if isinstance(name, str) else None


def serve(given: argparse.Namespace, key: str, port: int) -> Any:
    """Loads the model and starts to listen; raises RuntimeError when either fails."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = given.model
    params.model_alias = {given.alias}
    params.hostnames = [LOOPBACK]
    params.port = port
    params.api_keys = [key]
    params.cors_origins = ""
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = ERRORS_ONLY
    params.n_gpu_layers = 0
    params.fit_params = False
    params.n_parallel = SLOTS
    params.n_ctx = SLOTS * CONTEXT
    # By default it would keep up to 8 GiB of earlier prompts.
    params.cache_ram_mib = 0
    params.n_threads_http = HTTP_THREADS
    threads = max(1, min(MOST_THREADS, processors() - 1))
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    for name, value in DRY.items():
        setattr(params.sampling, name, value)
    return xllamacpp.Server(params)


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


if __name__ == "__main__":
    sys.exit(main())
