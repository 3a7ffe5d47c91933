"""Twenty at once: one reply runs, nothing is bought beside it, and nobody's message is lost or doubled."""

from collections import Counter
from typing import Any

from accounts.models import User
from conversations.models import Attachment, Message, Reply
from generation.jobs import runner
from generation.models import Job
from generation.services.files import file_store
from tests.conversations.factories import CONVERSATIONS, conversation_of, run_reply
from tests.support.races import Together, alice, arena, race_database, together

__all__ = ["alice", "arena", "race_database", "together"]

CROWD = 20


def test_of_twenty_sends_one_is_answered(alice: User, client_for: Any, together: Together) -> None:
    conversation = conversation_of(alice)
    client = client_for(alice)
    path = f"{CONVERSATIONS}/{conversation.pk}/reply"
    sends = [
        lambda n=n: client.post(path, {"content": f"第 {n} 句", "parent_id": None}, format="json")
        for n in range(CROWD)
    ]
    answers = together(*sends)
    codes = Counter((answer.status_code, answer.json()["data"].get("code", "")) for answer in answers)
    assert codes == {(202, ""): 1, (409, "REPLY_RUNNING"): CROWD - 1}
    assert (Job.objects.count(), Reply.objects.filter(running=1).count(), Message.objects.count()) == (
        1,
        1,
        2,
    )


def test_a_file_goes_while_a_message_takes_it(alice: User, client_for: Any, together: Together) -> None:
    """Whoever comes first, no message has a file that isn't there."""
    conversation = conversation_of(alice)
    client = client_for(alice)
    path = f"{CONVERSATIONS}/{conversation.pk}/messages"
    for _ in range(5):
        file = file_store(owner_id=alice.pk, source=b"a text", name="a.txt")
        said = {"role": "user", "content": "读一读", "file_ids": [str(file.pk)]}
        answers = together(
            lambda said=said: client.post(path, said, format="json"),
            lambda pk=file.pk: client.delete(f"/api/v1/files/{pk}"),
        )
        codes = [answer.status_code for answer in answers]
        assert codes in ([201, 409], [422, 204])
        assert Attachment.objects.filter(file=file.pk).count() == (codes[0] == 201)


def test_a_stop_and_the_end_meet(alice: User, client_for: Any, together: Together) -> None:
    """Whoever comes first, the message ends once and the conversation is free."""
    conversation = conversation_of(alice)
    client = client_for(alice)
    path = f"{CONVERSATIONS}/{conversation.pk}"
    reply = client.post(f"{path}/reply", {"content": "你好"}).json()["data"]
    stop, _ = together(lambda: client.post(f"{path}/stop"), lambda: run_reply(reply["id"]))
    message = client.get(f"{path}/messages/{reply['id']}").json()["data"]
    assert message["status"] == ("complete" if stop.status_code == 409 else message["status"])
    assert message["status"] in ("complete", "interrupted")
    assert Reply.objects.get().running == 0
    assert client.post(f"{path}/reply", {"content": "再来"}).status_code == 202


def test_the_end_of_several_answers_frees_the_conversation_once(
    alice: User, client_for: Any, together: Together
) -> None:
    conversation = conversation_of(alice)
    client = client_for(alice)
    path = f"{CONVERSATIONS}/{conversation.pk}"
    models = ["sandbox", "sandbox:sandbox-priced", "sandbox", "sandbox:sandbox-priced"]
    reply = client.post(f"{path}/reply", {"content": "你好", "models": models}).json()["data"]
    runner.run(Job.objects.get(pk=reply["id"]).pk)
    together(*(lambda pk=one["id"]: runner.run(pk) for one in reply["messages"]))
    assert Reply.objects.get().running == 0
    shown = client.get(f"{path}/messages", {"role": "assistant"}).json()["data"]
    assert {one["status"] for one in shown} == {"complete"}
