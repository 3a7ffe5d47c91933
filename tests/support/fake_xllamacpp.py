"""What stands in for the package xllamacpp: copied as `xllamacpp.py` into the environment of a pretended small model.

Has the names that `launcher/local_llm/server.py` uses, and streams one Chinese document to every caller. While
a file `<model>.broken` lies beside the model, it can't be loaded.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

DOCUMENT = "# 云上茶馆：简介 🍵\n\n为社区茶馆提供预约。\n\n- 老人也能用\n- 不需要办卡\n"


class CommonParams(SimpleNamespace):
    def __init__(self) -> None:
        parts = ("model", "cpuparams", "cpuparams_batch", "sampling")
        super().__init__(**{name: SimpleNamespace() for name in parts})


class Server:
    def __init__(self, params: CommonParams) -> None:
        if Path(f"{params.model.path}.broken").exists():
            raise RuntimeError("failed to load the model")
        (host,) = params.hostnames
        http = ThreadingHTTPServer((host, params.port), _Handler)
        http.key, http.model = params.api_keys[0], next(iter(params.model_alias))
        threading.Thread(target=http.serve_forever, daemon=True).start()
        self.listening_address = f"http://{host}:{params.port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(200, {"status": "ok"})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] != f"Bearer {self.server.key}":
            self._answer(401, {"error": {"message": "Invalid API Key", "code": 401}})
            return
        usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
        first = {"index": 0, "delta": {"role": "assistant", "content": DOCUMENT}, "finish_reason": None}
        last = {"index": 0, "delta": {}, "finish_reason": "stop"}
        pieces = ({"choices": [first]}, {"choices": [last]}, {"choices": [], "usage": usage})
        events: list[str] = [
            *(json.dumps({"id": "c", "model": self.server.model, **piece}) for piece in pieces),
            "[DONE]",
        ]
        self._send(200, "text/event-stream", "".join(f"data: {event}\n\n" for event in events))

    def _answer(self, status: int, data: dict) -> None:
        self._send(status, "application/json", json.dumps(data))

    def _send(self, status: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
