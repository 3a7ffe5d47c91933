"""`manage.py recount`: the counters of models against the rows behind them."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from models3d.models import Model3D, ModelLike
from models3d.services.interactions import download_record, model_like, view_record
from tests.models3d.gallery import private_model, public_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf(alice: User, bob: User) -> list[Model3D]:
    models = [public_model(alice, name=f"茶壶 {number}") for number in range(3)]
    for model in models:
        model_like(model_id=model.pk, user_id=bob.pk)
        view_record(model_id=model.pk)
        download_record(model_id=model.pk)
    private_model(alice)
    return models


def recount(**options: Any) -> str:
    out = StringIO()
    call_command("recount", stdout=out, **options)
    return out.getvalue()


def test_what_agrees_is_left_alone(shelf: list[Model3D]) -> None:
    before = list(Model3D.objects.order_by("pk").values())
    assert "4 models: all agree with their rows." in recount(batch_size=2)
    assert "all agree" in recount(fix=True)
    assert list(Model3D.objects.order_by("pk").values()) == before


def test_what_disagrees_is_told_and_mended_only_when_asked(shelf: list[Model3D]) -> None:
    ModelLike.objects.filter(model=shelf[0]).delete()
    Model3D.objects.filter(pk=shelf[1].pk).update(views=40, downloads=0, trend=9.5)
    with pytest.raises(CommandError, match=r"2 of 4 models disagree"):
        recount(batch_size=1)
    assert Model3D.objects.get(pk=shelf[1].pk).views == 40
    told = recount(fix=True)
    assert f"茶壶 0 ({shelf[0].pk}) · likes 1, rows say 0" in told
    assert f"茶壶 1 ({shelf[1].pk}) · views 40, rows say 1 · downloads 0, rows say 1 · trend 9.5" in told
    assert "4 models: 2 were mended." in told
    assert "all agree" in recount()


@pytest.mark.parametrize("size", [0, -1, 10_001])
def test_batches_have_bounds(size: int) -> None:
    with pytest.raises(CommandError, match="--batch-size takes 1 to 10000"):
        recount(batch_size=size)
