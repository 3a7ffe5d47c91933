"""Serves the small model by xllamacpp, as an OpenAI-compatible server on loopback.

Stands alone: it runs in the model's own environment, which has nothing of the product.

    python -I server.py --model FILE --alias NAME --port N --memory BYTES

The key that callers must show comes in SMALL_MODEL_API_KEY. Ends by SIGTERM.
"""

import argparse
import os
import resource
import signal
import sys
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
    server = serve(given, key)
    sys.stdout.write(f"{given.alias} listens on {server.listening_address}\n")
    sys.stdout.flush()
    while True:
        signal.pause()


def stay_small(memory: int) -> None:
    """Lets everything else go first, and bounds the memory where the system can (macOS can't)."""
    os.nice(NICENESS)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def serve(given: argparse.Namespace, key: str) -> Any:
    """Loads the model and starts to listen; raises RuntimeError when either fails."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = given.model
    params.model_alias = {given.alias}
    params.hostnames = [LOOPBACK]
    params.port = given.port
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
