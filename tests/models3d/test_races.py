"""At the same moment: a request gets one model, a format is converted once, a deletion leaves nothing."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import User
from accounts.services.deletion import account_delete
from generation.models import ImageRequest, Job, RequestImage, StoredFile
from models3d.models import Model3D, ModelFile
from tests.conftest import make_user
from tests.models3d.factories import MODELS
from tests.models3d.rows import model
from tests.support.races import Together, arena, race_database, together
from tests.support.rows import another

__all__ = ["arena", "race_database", "together"]

CROWD = 8


@pytest.fixture
def alice(arena: None) -> Iterator[User]:
    """She goes with all that she has, as files that models show can't go otherwise."""
    user = make_user("alice")
    yield user
    account_delete(user_id=user.pk)


def test_a_request_gets_one_model(alice: User, client_for: Any, together: Together) -> None:
    image: RequestImage = another("generation.RequestImage", alice)
    Job.objects.filter(pk=image.request_id).update(is_test=True, status="succeeded", error=None)
    client = client_for(alice)
    answers = together(*[lambda: client.post(MODELS, {"request_id": str(image.request_id)})] * CROWD)
    assert Counter(answer.status_code for answer in answers) == {202: 1, 409: CROWD - 1}
    assert ImageRequest.objects.get().mesh_job_id == Model3D.objects.get().pk


def test_a_format_is_converted_once(alice: User, client_for: Any, together: Together) -> None:
    made = model(1, alice)
    client = client_for(alice)
    answers = together(*[lambda: client.get(f"{MODELS}/{made.pk}/files/3mf")] * CROWD)
    assert Counter(answer.status_code for answer in answers) == {202: CROWD}
    assert len({answer.json()["data"]["job_id"] for answer in answers}) == 1
    assert ModelFile.objects.filter(format="3mf").count() == 1


def test_deleted_while_it_is_worked_on(alice: User, client_for: Any, together: Together) -> None:
    made = model(1, alice)
    client = client_for(alice)
    answers = together(
        lambda: client.delete(f"{MODELS}/{made.pk}"),
        lambda: client.post(f"{MODELS}/{made.pk}/repair"),
        lambda: client.get(f"{MODELS}/{made.pk}/files/obj"),
        lambda: client.patch(f"{MODELS}/{made.pk}", {"name": "壶"}),
        lambda: client.delete(f"{MODELS}/{made.pk}"),
    )
    assert sorted(answer.status_code for answer in (answers[0], answers[4])) == [204, 404]
    assert all(answer.status_code in (200, 202, 404) for answer in answers[1:4])
    assert not Model3D.objects.exists()
    assert not StoredFile.objects.exists()
