"""What runs on one machine: which processes, with which commands, ready when."""

from __future__ import annotations

import os
import sys
from collections import ChainMap
from collections.abc import MutableMapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path

from config.env import Env, EnvironmentProblem, Problem, choose_settings
from config.providers import SMALL_MODEL, provider_settings
from config.published import READY_FILE, key_prefix
from launcher.local_llm.installation import Installation
from launcher.supervisor.broker import Broker
from launcher.supervisor.ports import LOOPBACK, answers
from launcher.supervisor.processes import ProcessSpec
from launcher.supervisor.small_model import SmallModel

DEFAULT_SETTINGS = "config.settings.dev"
AGENT_BUILDS, STATUS_UPDATES = "agent_builds", "status_updates"
#: In a container everything is root; seven lines of warning at each start would hide what matters.
ROOT_IS_FINE = "ignore:You're running the worker with superuser privileges"
UPDATES_CONCURRENCY = 8  # polling and sweeping are short; more would only wait for the database


@dataclass(frozen=True)
class Options:
    """What the supervisor needs to know. An empty `redis_url` means: start a broker; `wants_small_model`: one that this
    supervisor would have to serve."""

    port: int
    broker_port: int
    grace_seconds: int
    redis_url: str
    var_dir: Path
    worker_concurrency: int
    settings_module: str = DEFAULT_SETTINGS
    wants_small_model: bool = False

    @property
    def is_development(self) -> bool:
        return self.settings_module.endswith(".dev")


def declare(env: Env) -> tuple[int, int, int]:
    """The supervisor's own settings: port, broker port, seconds to end gracefully."""
    return (
        env.int("PORT", 8000, min=1, max=65535, help="Where `make run` serves the product, on 127.0.0.1."),
        env.int(
            "BROKER_PORT",
            6390,
            min=1,
            max=65535,
            help="Where the Valkey of `make run` listens, on 127.0.0.1.",
        ),
        env.int(
            "STOP_SECONDS",
            10,
            min=1,
            max=3600,
            help="How long a process may take to end before it is killed.",
        ),
    )


def read_options(env: Env | None = None) -> Options:
    """From the environment and the product's settings; raises one EnvironmentProblem for both."""
    env = env or Env()
    module = choose_settings(DEFAULT_SETTINGS)
    port, broker_port, grace_seconds = declare(env)
    if port == broker_port and not env.problems:
        env.problem(f"is {port}, and so is BROKER_PORT.", name="PORT", fix="Give them different numbers.")
    problems: list[Problem] = []
    try:
        settings = import_module(module)
    except EnvironmentProblem as problem:
        problems += problem.problems
    try:
        env.done()
    except EnvironmentProblem as problem:
        problems += [found for found in problem.problems if found not in problems]
    if problems:
        raise EnvironmentProblem(problems)
    return Options(
        port=port,
        broker_port=broker_port,
        grace_seconds=grace_seconds,
        redis_url=settings.REDIS_URL,
        var_dir=Path(settings.VAR_DIR).resolve(),
        worker_concurrency=settings.WORKER_CONCURRENCY,
        settings_module=module,
        wants_small_model=SMALL_MODEL not in settings.PROVIDERS["llm"] and would_be_asked(),
    )


def would_be_asked() -> bool:
    """Whether the small model would get calls if it ran: nobody has a key, or LLM_PROVIDERS names it."""
    env = Env({**os.environ, "SMALL_MODEL_BASE_URL": f"http://{LOOPBACK}"})
    return SMALL_MODEL in provider_settings(env)[1]["llm"]


def small_model(options: Options) -> SmallModel | None:
    """The server of the small model that `make run` starts; None when it isn't wanted or not installed."""
    installation = Installation(options.var_dir)
    model = installation.installed() if options.wants_small_model else None
    return SmallModel(installation, model) if model else None


def broker(options: Options) -> Broker:
    """The broker that `make run` starts when REDIS_URL is empty."""
    return Broker(options.var_dir / "valkey", options.broker_port, options.var_dir / "broker.password")


def environment(options: Options, own_broker: Broker | None) -> dict[str, str]:
    """What every process of the product is told."""
    told = {"VAR_DIR": str(options.var_dir), "REDIS_URL": options.redis_url}
    if own_broker:
        told |= {"REDIS_URL": own_broker.url, "REDIS_KEY_PREFIX": key_prefix(options.var_dir)}
    return {
        **told,
        # Where a file was named for one of them, it was read already.
        **dict.fromkeys((f"{name}_FILE" for name in told), ""),
        "DJANGO_SETTINGS_MODULE": options.settings_module,
        "PYTHONUNBUFFERED": "1",
    }


def web(options: Options, environ: MutableMapping[str, str]) -> ProcessSpec:
    """The API, the docs, the admin and the event streams in one ASGI process."""
    command = (
        *(sys.executable, "-m", "uvicorn", "config.asgi:application"),
        *("--host", LOOPBACK, "--port", str(options.port), "--lifespan", "off"),
        *("--log-level", "warning", "--no-access-log", "--no-server-header", "--no-proxy-headers"),
        *("--timeout-graceful-shutdown", str(max(1, options.grace_seconds // 2))),
    )
    ready = partial(answers, options.port, "/health/live")
    return ProcessSpec("web", command, environ, grace_seconds=options.grace_seconds, is_ready=ready)


def worker(
    name: str, queue: str, concurrency: int, options: Options, environ: MutableMapping[str, str]
) -> ProcessSpec:
    """A worker of one queue, ready when it takes messages. What it can't finish in its grace stays leased until
    another takes it."""
    ready = options.var_dir / f"{name}.ready"
    ready.unlink(missing_ok=True)
    command = (
        *(sys.executable, "-m", "celery", "--quiet", "-A", "config.celery", "worker"),
        *("-P", "threads", "-c", str(concurrency), "-Q", queue, "-n", f"{name}@%h"),
        *("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
    )
    own = {"PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS") or ROOT_IS_FINE, READY_FILE: str(ready)}
    return ProcessSpec(
        name, command, ChainMap(own, environ), grace_seconds=options.grace_seconds, is_ready=ready.exists
    )


def beat(options: Options, environ: MutableMapping[str, str]) -> ProcessSpec:
    """The clock: publishes the periodic tasks. There must be only one."""
    command = (
        *(sys.executable, "-m", "celery", "--quiet", "-A", "config.celery", "beat"),
        *("--pidfile", "", "--loglevel", "WARNING"),
    )
    return ProcessSpec("beat", command, environ, grace_seconds=options.grace_seconds)


def stages(
    options: Options, own_broker: Broker | None, own_model: SmallModel | None = None
) -> list[list[ProcessSpec]]:
    """Everything, in the order of starting. The model comes before the product, which is told whether there is one."""
    environ = environment(options, own_broker)
    first = [own_broker.spec()] if own_broker else []
    if own_model:
        first.append(own_model.spec(environ))
    product = [
        web(options, environ),
        worker("worker", AGENT_BUILDS, options.worker_concurrency, options, environ),
        worker("updates", STATUS_UPDATES, UPDATES_CONCURRENCY, options, environ),
        beat(options, environ),
    ]
    return [stage for stage in (first, product) if stage]
