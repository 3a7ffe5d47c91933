"""The catalogue as the engine sees it, what staff may change of it, and the warnings about default models."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from generation import checks
from generation.domain.catalogue import BUILT_IN_ENTRIES
from generation.domain.prices import PriceTier
from generation.domain.states import CallStatus
from generation.errors import ModelInUseError, ModelPriceInUseError
from generation.models import CatalogueModel, ModelPrice, ProviderCall
from generation.selectors.catalogue import catalogue as picture_of_catalogue
from generation.selectors.catalogue import catalogue_forget, price_versions_used
from generation.services.catalogue import (
    model_create,
    model_delete,
    model_price_add,
    model_price_delete,
    model_switch,
    model_update,
)
from tests.support.catalogue import model_make
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.django_db

DEEPSEEK = ("deepseek", "千问-chat")
FREE = {"input_micros": 0, "output_micros": 0}
DAY = timedelta(days=1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What the process takes for the time since it began."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr("time.monotonic", lambda: Clock.now)
    yield Clock
    monkeypatch.undo()


def bought(owner: User, model: CatalogueModel, version: str) -> ProviderCall:
    return ProviderCall.objects.create(
        owner=owner, step="text", feature="test", capability="llm", provider=model.provider, model=model.name,
        status=CallStatus.SETTLED, cost_micros=1, price_version=version,
    )  # fmt: skip


def selects(queries: CaptureQueriesContext) -> int:
    """Without the savepoints that a test's own transaction makes necessary."""
    return sum(one["sql"].startswith("SELECT") for one in queries.captured_queries)


def problems(caught: Any) -> set[str]:
    return set(caught.value.message_dict)


class TestPicture:
    def test_a_look_up_asks_no_database(self) -> None:
        model_make(*DEEPSEEK, price=(1, 1, 2))
        with CaptureQueriesContext(connection) as queries:
            for _ in range(100):
                known = picture_of_catalogue()
                assert known.price(*DEEPSEEK) is not None
        assert selects(queries) == 1

    def test_thirty_models_cost_one_query_as_well(self) -> None:
        for number in range(30):
            model_make("openai", f"茶-{number}", price=(1, 1, 2))
        with CaptureQueriesContext(connection) as queries:
            assert len(picture_of_catalogue().entries) == 30 + len(BUILT_IN_ENTRIES)
        assert selects(queries) == 1

    def test_a_change_elsewhere_is_seen_after_five_seconds(self, clock: Any) -> None:
        known = picture_of_catalogue()
        CatalogueModel.objects.create(provider="openai", name="gpt-x")
        clock.now += 4.9
        assert picture_of_catalogue() is known
        clock.now += 0.2
        assert picture_of_catalogue().entry("openai", "gpt-x") is not None

    def test_a_change_of_ones_own_is_seen_at_once(self) -> None:
        model = model_create(provider="openai", name="gpt-x")
        assert picture_of_catalogue().price("openai", "gpt-x") is None
        model_price_add(model=model, input_micros=5, output_micros=7)
        assert picture_of_catalogue().price("openai", "gpt-x").output == 7
        model_switch(model=model, is_active=False)
        assert not picture_of_catalogue().entry("openai", "gpt-x").is_active

    def test_a_price_entered_for_later_takes_over_at_its_time(self, clock: Any) -> None:
        model = model_make(*DEEPSEEK, price=(1, 1, 2))
        begins = timezone.now() + timedelta(hours=1)
        model_price_add(model=model, version="v2", valid_from=begins, input_micros=9, output_micros=9)
        known = picture_of_catalogue()
        assert known.price(*DEEPSEEK).version == "test-1"
        assert known.price(*DEEPSEEK, begins - timedelta(microseconds=1)).version == "test-1"
        assert known.price(*DEEPSEEK, begins).version == "v2"

    def test_a_text_model_with_a_price_per_item_alone_isnt_free(self) -> None:
        model = model_make(*DEEPSEEK, price=None)
        ModelPrice.objects.create(model=model, version="v1", valid_from=timezone.now() - DAY, item_micros=5)
        catalogue_forget()
        assert picture_of_catalogue().price(*DEEPSEEK) is None

    def test_facts_of_a_model(self) -> None:
        ends = timezone.now() + DAY
        model_make(
            *DEEPSEEK, price=None, context_tokens=1000, max_output_tokens=10, has_tools=True, has_reasoning=True,
            ends_at=ends, successor="别的", label="千问 🙂",
        )  # fmt: skip
        found = picture_of_catalogue().entry(*DEEPSEEK)
        assert found is not None
        assert (found.context_tokens, found.max_output_tokens, found.label) == (1000, 10, "千问 🙂")
        assert found.features == {"tools", "reasoning"}
        assert (found.ends_at, found.successor, found.is_active) == (ends, "别的", True)
        assert found.is_ended(ends)
        assert not found.is_ended(ends - timedelta(microseconds=1))

    def test_without_rows_prices_are_missing(self) -> None:
        known = picture_of_catalogue()
        assert known.price("deepseek", "deepseek-chat") is None
        assert known.price("sandbox", "sandbox").is_free

    def test_a_database_that_is_away_leaves_the_last_picture(
        self, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        model_make(*DEEPSEEK, price=(1, 1, 2))
        known = picture_of_catalogue()
        broken(monkeypatch)
        clock.now += 60
        assert picture_of_catalogue() is known
        monkeypatch.undo()

    def test_without_its_tables_it_is_empty(self, monkeypatch: pytest.MonkeyPatch) -> None:
        broken(monkeypatch)
        assert picture_of_catalogue().price("deepseek", "deepseek-chat") is None
        assert picture_of_catalogue().price("sandbox", "sandbox") is not None

    def test_others_go_on_while_one_reads(self, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        known = picture_of_catalogue()
        clock.now += 60
        reading, go_on = threading.Event(), threading.Event()

        def slowly() -> Iterator[Any]:
            reading.set()
            assert go_on.wait(PATIENCE)
            return iter(())

        monkeypatch.setattr(module(), "_entries", slowly)
        reader = threading.Thread(target=picture_of_catalogue)
        reader.start()
        try:
            assert reading.wait(PATIENCE)
            assert picture_of_catalogue() is known
        finally:
            go_on.set()
            reader.join(PATIENCE)
        assert picture_of_catalogue() is not known


def module() -> Any:
    import sys

    return sys.modules["generation.selectors.catalogue"]


def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> Iterator[Any]:
        raise DatabaseError("no such table")

    monkeypatch.setattr(module(), "_entries", away)


class TestModels:
    def test_is_made_with_its_facts(self) -> None:
        model = model_create(provider="siliconflow", name="Qwen/千问-8B", context_tokens=100, has_tools=True)
        model.refresh_from_db()
        assert (model.provider, model.name, model.capability) == ("siliconflow", "Qwen/千问-8B", "llm")
        assert model.seeded_as == ""

    @pytest.mark.parametrize(
        ("fields", "wrong"),
        [
            ({"provider": "Deep Seek"}, "provider"),
            ({"provider": ""}, "provider"),
            ({"name": "two words"}, "name"),
            ({"name": ""}, "name"),
            ({"context_tokens": 0}, "context_tokens"),
            ({"max_output_tokens": 0}, "max_output_tokens"),
            ({"successor": "gpt-99"}, "successor"),
            ({"successor": "m"}, "successor"),
            ({"successor": "openai:m"}, "successor"),
            ({"successor": "ended"}, "successor"),
            ({"successor": "off"}, "successor"),
            ({"source": "nowhere"}, "source"),
            ({"capability": "magic"}, "capability"),
        ],
        ids=str,
    )
    def test_is_refused_with_the_field_that_is_wrong(self, fields: dict[str, Any], wrong: str) -> None:
        model_make("openai", "ended", price=None, ends_at=timezone.now() - DAY)
        model_make("openai", "off", price=None, is_active=False)
        with pytest.raises(ValidationError) as caught:
            model_create(**{"provider": "openai", "name": "m", **fields})
        assert problems(caught) == {wrong}
        assert CatalogueModel.objects.count() == 2

    def test_stands_there_once(self) -> None:
        model_create(provider="openai", name="m")
        model_create(provider="openai", name="m", capability="image")
        with pytest.raises(ValidationError):
            model_create(provider="openai", name="m")

    @pytest.mark.parametrize("successor", ["别的", "deepseek:别的"])
    def test_has_a_successor_out_of_the_catalogue(self, successor: str) -> None:
        model = model_create(provider="deepseek", name="chat")
        model_create(provider="deepseek", name="别的")
        model_update(model=model, successor=successor, ends_at=timezone.now() + DAY)
        model.refresh_from_db()
        assert model.successor == successor

    def test_cant_have_ended_long_before_somebody_says_so(self) -> None:
        model = model_create(provider="deepseek", name="chat")
        with pytest.raises(ValidationError) as caught:
            model_update(model=model, ends_at=timezone.now() - 2 * DAY)
        assert problems(caught) == {"ends_at"}

    def test_one_that_has_ended_can_be_edited_otherwise(self) -> None:
        model = model_make("deepseek", "chat", price=None, ends_at=timezone.now() - 100 * DAY)
        model_update(model=model, label="旧的")
        model.refresh_from_db()
        assert model.label == "旧的"

    def test_what_ledgers_name_it_by_stays(self) -> None:
        model = model_create(provider="deepseek", name="chat")
        with pytest.raises(ValidationError) as caught:
            model_update(model=model, name="reasoner")
        assert problems(caught) == {"name"}

    def test_switching_twice_changes_once(self) -> None:
        model = model_create(provider="deepseek", name="chat")
        assert [model_switch(model=model, is_active=on) for on in (False, False, True)] == [True, False, True]

    def test_is_deleted_while_nothing_was_bought_of_it(self, alice: User) -> None:
        unused, used = model_make("openai", "a", price=(1, 1, 1)), model_make("openai", "b", price=(1, 1, 1))
        bought(alice, used, "test-1")
        model_delete(model=unused)
        with pytest.raises(ModelInUseError):
            model_delete(model=used)
        assert list(CatalogueModel.objects.all()) == [used]


class TestPrices:
    @pytest.fixture
    def model(self) -> CatalogueModel:
        return model_make(*DEEPSEEK, price=None)

    def test_is_called_after_its_day_and_begins_now(self, model: CatalogueModel) -> None:
        before = timezone.now()
        first, second = (model_price_add(model=model, **FREE) for _ in range(2))
        assert before <= first.valid_from <= second.valid_from <= timezone.now()
        assert second.version in (f"{first.version}-2", f"{second.valid_from:%Y-%m-%d}")

    def test_the_day_is_that_on_which_it_begins(self, model: CatalogueModel) -> None:
        begins = datetime(2126, 1, 31, tzinfo=timezone.get_current_timezone())
        versions = [
            model_price_add(model=model, valid_from=begins + n * timedelta(hours=1), **FREE) for n in range(3)
        ]
        assert [price.version for price in versions] == ["2126-01-31", "2126-01-31-2", "2126-01-31-3"]

    @pytest.mark.parametrize(
        ("given", "wrong"),
        [
            ({"input_micros": 1}, {"output_micros"}),
            ({"output_micros": 1}, {"input_micros"}),
            ({}, {"input_micros", "output_micros"}),
            ({**FREE, "item_micros": 1}, {"item_micros"}),
            ({**FREE, "tiers": [PriceTier(1)]}, {"tiers"}),
            ({"input_micros": -1, "output_micros": 1}, {"input_micros"}),
            ({"input_micros": 1, "output_micros": 10**13}, {"output_micros"}),
            ({"input_micros": 1, "output_micros": 1, "cached_input_micros": 2}, {"cached_input_micros"}),
            ({**FREE, "version": "built-in"}, {"version"}),
            ({**FREE, "version": "list-2026-01-31"}, {"version"}),
            (
                {**FREE, "valid_from": datetime(2026, 1, 1, tzinfo=timezone.get_default_timezone())},
                {"valid_from"},
            ),
        ],
        ids=lambda one: ",".join(sorted(one)) if isinstance(one, set) else None,
    )
    def test_is_refused_with_the_field_that_is_wrong(
        self, model: CatalogueModel, given: dict[str, Any], wrong: set[str]
    ) -> None:
        with pytest.raises(ValidationError) as caught:
            model_price_add(model=model, **given)
        assert problems(caught) == wrong
        assert not model.prices.exists()

    def test_an_image_is_priced_by_the_piece(self) -> None:
        image = model_make("aliyun", "千问-画图", price=None, capability="image")
        with pytest.raises(ValidationError) as caught:
            model_price_add(model=image, **FREE)
        assert problems(caught) == {"item_micros"}
        half = PriceTier(1, "standard", 512)
        for wrong in ([half, half], [PriceTier(1, "best")], [PriceTier(1, "", 0)], [PriceTier(-1)]):
            with pytest.raises(ValidationError) as caught:
                model_price_add(model=image, item_micros=1, tiers=wrong)
            assert problems(caught) == {"tiers"}, wrong
        model_price_add(model=image, item_micros=28_000, tiers=[half])
        price = picture_of_catalogue().item_price("aliyun", "千问-画图", capability="image")
        assert price is not None
        assert price.cost(4) == 112_000
        assert (price.of(quality="standard", pixels=512), price.of(quality="high", pixels=512)) == (1, 28_000)

    def test_a_version_stands_there_once(self, model: CatalogueModel) -> None:
        model_price_add(model=model, version="合同", **FREE)
        with pytest.raises(ValidationError):
            model_price_add(model=model, version="合同", valid_from=timezone.now() + DAY, **FREE)

    def test_goes_while_no_call_was_counted_by_it(self, model: CatalogueModel, alice: User) -> None:
        used, unused = (model_price_add(model=model, version=name, **FREE) for name in ("used", "unused"))
        bought(alice, model, "used")
        bought(alice, model_make("openai", "other", price=None), "unused")
        assert price_versions_used(model, ["used", "unused"]) == {"used"}
        model_price_delete(price=unused)
        with pytest.raises(ModelPriceInUseError) as caught:
            model_price_delete(price=used)
        assert "used" in caught.value.message("zh")
        assert [price.version for price in model.prices.all()] == ["used"]


class TestChecks:
    @pytest.fixture(autouse=True)
    def _environment(self, settings: Any) -> None:
        settings.PROVIDER_ORDER = {"llm": ["deepseek", "sandbox"], "image": ["aliyun"]}
        settings.PROVIDERS = {
            "llm": {"deepseek": {"path": "x.Y", "options": {"model": "deepseek-chat"}}},
            "image": {"aliyun": {"path": "x.Y", "options": {"model": "千问-画图"}}},
        }

    @staticmethod
    def found() -> list[tuple[str, str]]:
        return [
            (one.id or "", str(one.obj)) for one in checks.default_models_can_be_called(databases=["default"])
        ]

    def test_a_default_model_without_a_price_is_named(self) -> None:
        model_make("deepseek", "deepseek-chat", price=None)
        assert self.found() == [("generation.W001", "deepseek"), ("generation.W001", "aliyun")]
        (first, _) = checks.default_models_can_be_called(databases=["default"])
        assert "deepseek:deepseek-chat" in first.msg
        assert "seed_catalogue" in (first.hint or "")

    def test_a_default_model_that_has_ended_is_named_with_what_to_take(self) -> None:
        ended = timezone.now() - DAY
        model_make("deepseek", "deepseek-chat", price=(1, 1, 1), ends_at=ended, successor="deepseek-flash")
        (first, _) = checks.default_models_can_be_called(databases=["default"])
        assert first.id == "generation.W002"
        assert f"{ended:%Y-%m-%d}" in first.msg
        assert "deepseek-flash" in (first.hint or "")

    def test_all_is_well_with_prices(self) -> None:
        model_make("deepseek", "deepseek-chat", price=(1, 1, 1))
        image = model_make("aliyun", "千问-画图", price=None, capability="image")
        model_price_add(model=image, item_micros=1)
        assert self.found() == []

    def test_asks_no_database_that_isnt_checked(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            assert checks.default_models_can_be_called(databases=None) == []

    def test_says_nothing_before_the_first_migrate(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connection.introspection, "table_names", lambda cursor: [])
        assert self.found() == []

    def test_says_nothing_before_a_migrate_that_adds_columns(self, monkeypatch: pytest.MonkeyPatch) -> None:
        describe = connection.introspection.get_table_description
        monkeypatch.setattr(
            connection.introspection, "get_table_description", lambda *table: describe(*table)[:-1]
        )
        assert self.found() == []

    def test_runs_with_the_checks_of_the_database(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("check", databases=["default"])
        assert "generation.W001" in capsys.readouterr().err
