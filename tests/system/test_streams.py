"""kill -9 of whatever takes part in a reply while it is read: its readers have the message in the end, and know why.

The readers are the clients of docs/conversations.md. `STREAM_MOMENTS=10` kills at ten moments of a reply each.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import redis

from accounts.services.sessions import session_start
from conversations.models import Conversation, Message
from conversations.services.conversations import conversation_create
from conversations.services.messages import reply_stop
from conversations.services.replies import reply_to
from generation.models import Job
from generation.providers import registry
from tests.support import scripted_llm
from tests.support.patience import PATIENCE
from tests.support.processes import House, StreamProcess
from tests.support.stream_clients import NODE, Client

pytestmark = pytest.mark.system

MOMENTS = int(os.environ.get("STREAM_MOMENTS", "1"))
ANSWER = "你好，世界！👩\u200d👩\u200d👧 e\u0301 🇨🇳 Ende ✨\n" * 12
#: Pieces of eight characters, so far apart.
PAUSE = 0.06
LANGUAGES = ["python", *(["javascript"] if NODE else [])]


class Stage:
    """A house with a conversation, and readers of what is said in it."""

    def __init__(self, home: House, stream: StreamProcess) -> None:
        self.home = home
        self.stream = stream
        self.token = session_start(user=home.owner).access
        home.llm.answer = lambda body: ANSWER

    def ask(self, how: str = f"paced={PAUSE}") -> Message:
        conversation = conversation_create(owner_id=self.home.owner.pk)
        return reply_to(conversation=conversation, content=f"说 [[server:{how}]]").messages.get()

    @contextmanager
    def read(self, message: Message) -> Iterator[list[Client]]:
        path = f"/api/v1/conversations/{message.conversation_id}/events?message={message.pk}"
        url = f"{self.stream.url}{path}"
        clients = [Client(name, self.home.folder, url, self.token) for name in LANGUAGES]
        try:
            yield clients
        finally:
            for client in clients:
                client.kill()

    def until_written(self, message: Message, characters: int) -> None:
        def is_written() -> bool:
            message.refresh_from_db()
            return len(message.content) >= characters

        self.home.until(is_written, f"{characters} characters")

    def check(self, message: Message, clients: list[Client], status: str) -> str:
        """Everybody has the same."""
        found = [client.result(PATIENCE) for client in clients]
        message.refresh_from_db()
        assert message.status == status, message.error
        for text, end in found:
            assert text == message.content
            assert (end["reason"], end["status"], end["characters"]) == ("finished", status, len(text))
        return message.content


@pytest.fixture
def stage(home: House, settings: Any) -> Iterator[Stage]:
    scripted_llm.configure(settings, "deepseek")  # this process buys nothing; it only has to know a provider
    registry.reset()
    with home.stream() as stream:
        yield Stage(home, stream)
    registry.reset()


def places() -> list[int]:
    """In the first half: a row is up to a second behind, and what is to be killed must still be at it."""
    return [len(ANSWER) * (number + 1) // (2 * MOMENTS + 1) for number in range(MOMENTS)]


def test_both_clients_are_tried() -> None:
    if NODE is None:
        pytest.skip("There is no node here: nobody has tried the JavaScript of docs/conversations.md.")


def test_what_dies_leaves_its_readers_with_the_message(stage: Stage) -> None:
    def empty_valkey() -> None:
        with redis.Redis.from_url(stage.home.broker.url) as client:
            client.flushall()

    def kill_valkey() -> None:
        stage.home.broker.kill()
        stage.home.broker.start()

    def kill_stream() -> None:
        stage.stream.kill()
        stage.stream.restart()

    # A worker ends when its broker does; whatever started it starts it again.
    deaths: list[Callable[[], None]] = [empty_valkey, kill_stream, kill_valkey]
    for place in places():
        with stage.home.worker():
            for die in deaths:
                message = stage.ask()
                with stage.read(message) as clients:
                    stage.until_written(message, place)
                    die()
                    assert stage.check(message, clients, "complete") == ANSWER


def test_a_worker_that_dies_leaves_an_interrupted_message(stage: Stage) -> None:
    with ExitStack() as workers:
        worker = workers.enter_context(stage.home.worker())
        for place in places():
            message = stage.ask()
            with stage.read(message) as clients:
                stage.until_written(message, place)
                worker.kill()
                workers.close()
                worker = workers.enter_context(stage.home.worker())
                stage.home.lapse()
                stage.home.until_over(Job.objects.get(pk=message.pk))
                text = stage.check(message, clients, "interrupted")
            assert ANSWER.startswith(text)
            assert len(text) >= place
            assert message.error is not None
            assert message.error["code"] == "REPLY_INTERRUPTED"
            assert len([call for call in stage.home.llm.calls if str(message.pk) in call.request_key]) == 1


@pytest.mark.parametrize("how", ["stall", "hang"])
def test_stopping_doesnt_wait_for_a_silent_provider(stage: Stage, how: str) -> None:
    with stage.home.worker():
        message = stage.ask(how)
        job = Job.objects.get(pk=message.pk)
        with stage.read(message) as clients:
            stage.home.until(lambda: stage.home.llm.calls, "the call")
            if how == "stall":
                stage.until_written(message, 1)
            began = time.monotonic()
            reply_stop(conversation=Conversation.objects.get(pk=message.conversation_id))
            stage.home.until(lambda: not Job.objects.active().filter(pk=job.pk).exists(), "the end")
            print(f"\nstopped after {time.monotonic() - began:.2f} s ({how})")
            text = stage.check(message, clients, "interrupted")
        assert ANSWER.startswith(text)
        assert bool(text) == (how == "stall")
