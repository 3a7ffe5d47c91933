"""Messages: one publisher, every task on exactly one queue, progress as rows and never as Celery's canvas."""

import ast
from collections import Counter
from collections.abc import Iterable, Mapping

import pytest

from config.celery import app
from config.queues import BEAT_SCHEDULE, ROUTES, Queue
from tests.architecture.house import Source, calls, house_apps, imports, places, product, source

PUBLISHER = "config/celery.py"
PUBLISHING = {"delay", "apply_async", "send_task", "retry"}
CANVAS = {"celery.chord", "celery.chain", "celery.group", "celery.chunks", "celery.starmap", "celery.canvas"}
TASK_DECORATORS = {"shared_task", "task"}


# -- routes --------------------------------------------------------------------------------------------------------


def own_tasks() -> set[str]:
    """Names of the tasks that our modules register, as a worker finds them."""
    app.loader.import_default_modules()
    modules = {"config", *house_apps()}
    return {name for name, task in app.tasks.items() if task.__module__.partition(".")[0] in modules}


def misrouted(tasks: set[str], routes: Mapping[str, str]) -> set[str]:
    """Tasks without a route, routes without a task, and routes to queues that nobody reads."""
    unread = {name for name, queue in routes.items() if queue not in list(Queue)}
    return (tasks ^ routes.keys()) | unread


def test_every_task_has_its_route_and_every_route_its_task() -> None:
    assert misrouted(own_tasks(), ROUTES) == set()


def test_the_guard_finds_what_is_misrouted() -> None:
    routes = {"a": Queue.AGENT_BUILDS, "old": Queue.STATUS_UPDATES, "typo": "agent_bulids"}
    assert misrouted({"a", "new", "typo"}, routes) == {"new", "old", "typo"}


def test_a_worker_finds_our_tasks() -> None:
    assert "generation.run_job" in own_tasks()


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("generation.run_job", "agent_builds"),
        ("accounts.clean_up", "status_updates"),
        ("celery.backend_cleanup", "status_updates"),
    ],
)
def test_a_message_goes_to_the_queue_of_its_task(task: str, queue: str) -> None:
    """Asked as the publisher asks; Celery's own go where nothing waits for models."""
    assert app.amqp.router.route({}, task)["queue"].name == queue


def declared(sources: Iterable[Source]) -> list[tuple[str, set[str]]]:
    """Each task as its decorator declares it: its name (empty without one) and the decorator's options."""
    found = []
    for one in sources:
        for name, call in calls(one.tree):
            if name in TASK_DECORATORS:
                options = {word.arg: word.value for word in call.keywords if word.arg}
                given = options.get("name")
                found.append((given.value if isinstance(given, ast.Constant) else "", set(options)))
    return found


def test_every_task_says_its_name_once_and_leaves_its_queue_to_the_routes() -> None:
    tasks = declared(product())
    assert {name for name, _ in tasks} == ROUTES.keys()
    assert Counter(name for name, _ in tasks).most_common(1)[0][1] == 1
    allowed = {"name", "ignore_result"}
    assert [name for name, options in tasks if not options <= allowed] == []


def test_the_look_at_decorators_finds_names_and_options() -> None:
    text = "@shared_task(name='x.y', queue='a', autoretry_for=(OSError,))\ndef f(): ...\n@app.task()\ndef g(): ..."
    assert declared([source("x/tasks.py", text)]) == [
        ("x.y", {"name", "queue", "autoretry_for"}),
        ("", set()),
    ]


def test_beat_asks_for_tasks_that_expire_before_they_come_again() -> None:
    assert app.conf.beat_schedule == BEAT_SCHEDULE
    assert BEAT_SCHEDULE.keys() >= {"generation.sweep_jobs", "accounts.clean_up", "platform.clean_up"}
    for entry in BEAT_SCHEDULE.values():
        assert entry["task"] in ROUTES
        assert 0 < entry["options"]["expires"] < entry["schedule"]


# -- publishing ----------------------------------------------------------------------------------------------------


def publishing(sources: Iterable[Source]) -> list[str]:
    """Where a task is published by other means than `enqueue`."""
    return places(
        (one.name, call.lineno)
        for one in sources
        if one.name != PUBLISHER
        for name, call in calls(one.tree)
        if name in PUBLISHING and isinstance(call.func, ast.Attribute)
    )


def test_nobody_publishes_but_enqueue() -> None:
    assert publishing(product()) == []


@pytest.mark.parametrize(
    "line",
    ["run_job.delay(1)", "run_job.apply_async(kwargs={})", "app.send_task('x')", "self.retry()"],
)
def test_the_guard_finds_other_publishers(line: str) -> None:
    assert publishing([source("generation/jobs/x.py", f"def f(self):\n    {line}")]) == [
        "generation/jobs/x.py:2"
    ]


def test_the_publisher_is_where_the_guard_expects_it() -> None:
    kernel = [one for one in product() if one.name == PUBLISHER]
    assert publishing([source("x.py", one.text) for one in kernel])


def enqueued(sources: Iterable[Source]) -> list[str]:
    """Names that are enqueued; an empty one where it isn't written out."""
    return [
        call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
        for one in sources
        for name, call in calls(one.tree)
        if name == "enqueue"
    ]


def test_only_tasks_that_exist_are_enqueued_by_name() -> None:
    assert set(enqueued(product())) <= ROUTES.keys()
    assert enqueued(product())


def test_the_look_at_names_finds_computed_ones() -> None:
    assert enqueued([source("x.py", "enqueue('generation.run_job', job_id=1)\nenqueue(name)")]) == [
        "generation.run_job",
        "",
    ]


# -- no canvas, no signals -----------------------------------------------------------------------------------------


def canvas(sources: Iterable[Source]) -> list[str]:
    """Where Celery's canvas is imported, at the top of a module or inside a function."""
    return places((one.name, line) for one in sources for name, line in imports(one.tree) if name in CANVAS)


def test_nobody_uses_the_canvas() -> None:
    assert canvas(product()) == []


def test_the_guard_finds_the_canvas_inside_a_function() -> None:
    text = "def f():\n    from celery import chord\n    from celery.canvas import group"
    assert canvas([source("x.py", text)]) == ["x.py:2", "x.py:3"]


#: Modules that may listen to signals, and to whose.
LISTENERS = {"config/tasks.py": "celery.signals", "generation/tasks.py": "celery.signals"}
SIGNAL_MODULES = ("django.dispatch", "django.db.models.signals", "celery.signals", "blinker")


def listeners(sources: Iterable[Source]) -> list[str]:
    """Where signals are listened to, but for the workers' own life cycle. Sending one's own is no listening."""
    found = []
    for one in sources:
        allowed = LISTENERS.get(one.name)
        lines = {
            line
            for name, line in imports(one.tree)
            if name.startswith(SIGNAL_MODULES) and not (allowed and name.startswith(allowed))
        }
        lines |= {
            call.lineno
            for name, call in calls(one.tree)
            if name == "connect" and any(word.arg in {"sender", "dispatch_uid"} for word in call.keywords)
        }
        found += [f"{one.name}:{line}" for line in sorted(lines)]
    return found


def test_nobody_listens_to_signals() -> None:
    assert listeners(product()) == []


@pytest.mark.parametrize(
    "text",
    [
        "from django.dispatch import receiver",
        "from django.db.models.signals import post_save",
        "def f():\n    from django.dispatch import Signal",
        "user_logged_in.connect(greet, sender=None)",
    ],
)
def test_the_guard_finds_listeners(text: str) -> None:
    assert len(listeners([source("accounts/apps.py", text)])) == 1


def test_listeners_that_are_allowed_exist() -> None:
    by_name = {one.name: one for one in product()}
    for name, module in LISTENERS.items():
        assert module in {found for found, _ in imports(by_name[name].tree)}
