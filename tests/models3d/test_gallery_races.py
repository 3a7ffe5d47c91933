"""A hundred at once: every like, unlike, view and download counts once, and the counters are the rows."""

from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.test import RequestFactory

from accounts.models import User
from accounts.services.deletion import account_delete
from config.api import origin
from config.errors import TokenInvalidError
from models3d.models import Model3D, ModelDownload, ModelLike
from models3d.services.interactions import download_record, model_favourite, model_like, view_record
from tests.models3d.gallery import public_model
from tests.support.races import Together, alice, arena, race_database, together

__all__ = ["alice", "arena", "race_database", "together"]


@pytest.fixture
def owner(alice: User) -> Iterator[User]:
    """Goes by the way of accounts: its files are kept by its models."""
    yield alice
    account_delete(user_id=alice.pk)


def crowd() -> tuple[list[User], int]:
    """People, and how many threads they share: on SQLite fewer, since one writes at a time."""
    people, threads = (100, 50) if connection.vendor == "postgresql" else (20, 10)
    users = [User.objects.create(username=f"茶客{n}", email=f"tea{n}@example.com") for n in range(people)]
    return users, threads


def split(users: list[User], threads: int, work: Callable[[int, User], Any]) -> list[Callable[[], Any]]:
    """The work for all users, shared among the threads."""
    shares = [list(enumerate(users))[number::threads] for number in range(threads)]
    return [lambda share=share: [work(n, user) for n, user in share] for share in shares]


def come(n: int) -> Any:
    """A request from an address of its own."""
    return origin.answering(RequestFactory().get("/", REMOTE_ADDR=f"203.0.113.{n}"))


def counters(model: Model3D) -> tuple[int, int, int, int]:
    found = Model3D.objects.get(pk=model.pk)
    return found.likes, found.favourites, found.downloads, found.views


def nothing_drifts() -> bool:
    out = StringIO()
    call_command("recount", stdout=out)
    return "all agree" in out.getvalue()


def test_everything_counts_once_whoever_comes_first(owner: User, together: Together) -> None:
    model = public_model(owner)
    users, threads = crowd()

    def like(n: int, user: User) -> None:
        for _ in range(2):
            model_like(model_id=model.pk, user_id=user.pk, value=True)
        model_favourite(model_id=model.pk, user_id=user.pk)
        with come(n):
            download_record(model_id=model.pk)
            view_record(model_id=model.pk)

    together(*split(users, threads, like))
    everybody = len(users)
    assert counters(model) == (everybody, everybody, everybody, everybody)
    assert (ModelLike.objects.count(), ModelDownload.objects.count()) == (everybody, everybody)

    def change(n: int, user: User) -> None:
        model_like(model_id=model.pk, user_id=user.pk, value=n % 2 == 0)
        model_favourite(model_id=model.pk, user_id=user.pk)
        with come(n):
            download_record(model_id=model.pk)
            view_record(model_id=model.pk)

    together(*split(users, threads, change))
    assert counters(model) == (everybody // 2, 0, everybody, everybody)
    assert nothing_drifts()


def test_one_account_in_many_places_counts_once(owner: User, together: Together) -> None:
    model = public_model(owner)
    users, _ = crowd()
    one = users[0]
    together(*[lambda: model_like(model_id=model.pk, user_id=one.pk, value=True) for _ in range(10)])
    assert counters(model)[0] == ModelLike.objects.count() == 1
    together(*[lambda: model_like(model_id=model.pk, user_id=one.pk) for _ in range(10)])
    assert counters(model)[0] == ModelLike.objects.count() == 1, "an even number of toggles"
    assert nothing_drifts()


def test_accounts_go_while_they_like(owner: User, together: Together) -> None:
    models = [public_model(owner, name=str(number)) for number in range(3)]
    users, _ = crowd()
    some = users[:8]
    for user in some:
        model_like(model_id=models[0].pk, user_id=user.pk)

    def like(user: User) -> None:
        for model in models:
            try:
                model_favourite(model_id=model.pk, user_id=user.pk)
                model_like(model_id=model.pk, user_id=user.pk)
            except (TokenInvalidError, IntegrityError):
                return

    together(
        *[lambda user=user: like(user) for user in some],
        *[lambda user=user: account_delete(user_id=user.pk) for user in some],
    )
    assert [counters(model) for model in models] == [(0, 0, 0, 0)] * 3
    assert not ModelLike.objects.exists()
    assert nothing_drifts()
