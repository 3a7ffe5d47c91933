"""Nothing is refused for good from a picture that is seconds old, and a removed key is used by nobody."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ProviderKey, User
from accounts.selectors.keys import provider_keys_for, provider_keys_forget_all
from config.crypto import Secret
from generation.domain.states import JobStatus
from generation.errors import ModelUnknownError
from generation.jobs.routes import routes_for
from generation.models import CatalogueModel, ProviderCall
from generation.providers import registry
from generation.selectors.catalogue import catalogue
from tests.generation.factories import run_until_over, scripted_job, text_job
from tests.generation.ledger.shorthand import ask
from tests.support import scripted_llm
from tests.support.catalogue import model_make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("providers")]


def key_elsewhere(owner: User, **fields: Any) -> ProviderKey:
    """A key that another process has stored: this one's snapshot knows nothing of it."""
    provider_keys_for(owner.pk)
    fields = {"provider": "custom", "model_name": "mine-7b", "base_url": "https://llm.example/v1", **fields}
    return ProviderKey.objects.create(
        owner=owner, secret=Secret("sk-own-key-of-alice"), input_micros=0, output_micros=0, **fields
    )


def test_a_key_that_was_just_added_is_found(alice: User) -> None:
    key_elsewhere(alice)
    assert [route.model for route in routes_for(alice.pk, model="mine-7b")] == ["mine-7b"]


def test_a_model_that_was_just_added_is_found(alice: User) -> None:
    with pytest.raises(ModelUnknownError):
        routes_for(alice.pk, model="brand-new")
    catalogue()
    found = model_make("deepseek", "older", price=(1, 1, 1))
    catalogue()
    found.name = "brand-new"
    CatalogueModel.objects.bulk_update([found], ["name"])  # by another process: nothing is told here
    assert [route.model for route in routes_for(alice.pk, model="brand-new")] == ["brand-new"]


def test_what_isnt_there_is_still_refused(alice: User) -> None:
    with pytest.raises(ModelUnknownError):
        routes_for(alice.pk, model="no-such-model")


def test_a_job_knows_the_keys_that_were_there_when_it_was_made(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = used_keys(monkeypatch)
    key_elsewhere(alice)
    assert run_until_over(text_job(alice)).status == JobStatus.SUCCEEDED
    assert used == ["sk-own-key-of-alice"]


@pytest.mark.parametrize("how", ["deleted", "switched off", "changed"])
def test_a_removed_key_is_used_by_nobody(alice: User, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    used = used_keys(monkeypatch)
    key = key_elsewhere(alice)
    provider_keys_forget_all()
    job = scripted_job(alice, ask)
    provider_keys_for(alice.pk, since=timezone.now() - timedelta(seconds=1))
    rows = ProviderKey.objects.filter(pk=key.pk)  # by another process, from here on
    if how == "deleted":
        rows.delete()
    elif how == "switched off":
        rows.update(is_active=False)
    else:
        rows.update(secret=Secret("sk-another-key-of-alice"))
    assert run_until_over(job).status == JobStatus.SUCCEEDED
    if how == "changed":
        assert used == ["sk-another-key-of-alice"]
    else:
        assert used == []
        assert scripted_llm.calls, "the operator's provider was asked instead"
    assert "sk-own-key-of-alice" not in used
    assert ProviderCall.objects.count() == 1


def used_keys(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The own keys with which a call was made."""
    used: list[str] = []

    class Own(scripted_llm.ScriptedLLM):
        def __init__(self, key: str, model: str) -> None:
            super().__init__(name="custom", model=model)
            self.key = key

        def complete(self, request: Any) -> Any:
            used.append(self.key)
            return scripted_llm.part("Own.", "stop")

    monkeypatch.setattr(
        registry, "own_llm", lambda provider, *, api_key, base_url, model: Own(api_key, model)
    )
    return used
