"""`manage.py seed_catalogue`: brings what is missing, and leaves what staff have made of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from generation.domain.list_prices import ListedModel, ListPrice, ListPriceError, load_listed_models
from generation.management.commands.seed_catalogue import Command
from generation.models import CatalogueModel, ModelPrice
from generation.selectors.catalogue import catalogue
from generation.services.catalogue import model_price_add, model_switch, model_update
from generation.services.seeding import Outcome, SeededModel, catalogue_seed

pytestmark = pytest.mark.django_db

FACTS = {
    "label": "千问 🙂",
    "context_tokens": 1000,
    "max_output_tokens": None,
    "has_json_schema": False,
    "has_tools": True,
    "has_vision": False,
    "has_reasoning": False,
    "ends_at": datetime(2126, 1, 31, tzinfo=UTC),
    "successor": "",
    "source": "https://example.com/价格",
}


def list_price(day: int, micros: int = 100) -> ListPrice:
    begins = datetime(2026, 1, day, tzinfo=UTC)
    return ListPrice(f"list-2026-01-{day:02}", begins, "https://example.com", micros, None, micros)


LISTED = ListedModel("qwen", "千问-plus", "llm", FACTS, (list_price(1),))


def seed(*listed: ListedModel, **options: Any) -> SeededModel:
    """Seed some models; what became of the first."""
    return catalogue_seed(listed=listed or (LISTED,), **options)[0]


def the_model() -> CatalogueModel:
    return CatalogueModel.objects.get()


def versions() -> list[str]:
    return list(ModelPrice.objects.order_by("valid_from").values_list("version", flat=True))


def everything() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (CatalogueModel, ModelPrice)]


class TestFirst:
    def test_models_and_prices_are_there(self) -> None:
        seeded = seed()
        assert (seeded.outcome, seeded.prices_added) == (Outcome.ADDED, ("list-2026-01-01",))
        model = the_model()
        assert {name: getattr(model, name) for name in FACTS} == FACTS
        assert model.is_active
        price = catalogue().price("qwen", "千问-plus")
        assert price is not None
        assert (price.input, price.version) == (100, "list-2026-01-01")

    def test_a_model_without_a_price_is_told(self) -> None:
        seeded = seed(replace(LISTED, prices=()))
        assert not seeded.has_price
        assert catalogue().price("qwen", "千问-plus") is None

    def test_the_files_of_the_product(self) -> None:
        catalogue_seed()
        models = load_listed_models()
        assert CatalogueModel.objects.count() == len(models)
        assert ModelPrice.objects.count() == sum(len(one.prices) for one in models)
        assert catalogue().price("bedrock", "amazon.nova-pro-v1:0") is not None
        assert catalogue().item_price("aws", "transcribe", capability="transcription") is not None


class TestAgain:
    def test_changes_nothing(self) -> None:
        catalogue_seed()
        before = everything()
        again = catalogue_seed(update=True)
        assert {one.outcome for one in again} == {Outcome.UNCHANGED}
        assert not any(one.is_changed for one in again)
        assert everything() == before

    def test_reads_twice_and_writes_nothing(self) -> None:
        catalogue_seed()
        with CaptureQueriesContext(connection) as queries:
            catalogue_seed()
        assert [one["sql"].split()[0] for one in queries].count("SELECT") == 2
        assert not any(one["sql"].startswith(("INSERT", "UPDATE", "DELETE")) for one in queries)

    def test_brings_a_newer_list_price(self) -> None:
        seed()
        seeded = seed(replace(LISTED, prices=(list_price(1), list_price(9, 200))))
        assert seeded.prices_added == ("list-2026-01-09",)
        assert versions() == ["list-2026-01-01", "list-2026-01-09"]

    def test_newer_facts_wait_for_update(self) -> None:
        seed()
        newer = replace(LISTED, facts={**FACTS, "context_tokens": 2000})
        assert seed(newer).outcome == Outcome.OUTDATED
        assert the_model().context_tokens == 1000
        assert seed(newer, update=True).outcome == Outcome.REFRESHED
        assert the_model().context_tokens == 2000
        assert seed(newer, update=True).outcome == Outcome.UNCHANGED


class TestStaff:
    @pytest.mark.parametrize("update", [False, True])
    def test_edited_facts_survive(self, update: bool) -> None:
        seed()
        model_update(model=the_model(), context_tokens=500, label="我们的")
        newer = replace(LISTED, facts={**FACTS, "context_tokens": 2000})
        assert seed(newer, update=update).outcome == Outcome.EDITED
        assert (the_model().context_tokens, the_model().label) == (500, "我们的")

    def test_what_they_switched_off_stays_off_and_is_kept_up(self) -> None:
        seed()
        model_switch(model=the_model(), is_active=False)
        assert seed(replace(LISTED, facts={**FACTS, "label": "新"}), update=True).outcome == Outcome.REFRESHED
        assert (the_model().is_active, the_model().label) == (False, "新")

    def test_their_price_stays_the_price(self) -> None:
        seed()
        model_price_add(model=the_model(), version="合同 2026", input_micros=7, output_micros=7)
        seeded = seed(
            replace(LISTED, prices=(list_price(1), replace(list_price(9), valid_from=timezone.now())))
        )
        assert seeded.has_own_price
        assert seeded.prices_added == ()
        assert versions() == ["list-2026-01-01", "合同 2026"]

    def test_a_model_that_they_made_themselves_is_theirs(self) -> None:
        CatalogueModel.objects.create(provider="qwen", name="千问-plus", context_tokens=1)
        assert seed(update=True).outcome == Outcome.EDITED
        assert the_model().context_tokens == 1
        assert versions() == ["list-2026-01-01"]


class TestDryRun:
    def test_tells_the_same_and_changes_nothing(self) -> None:
        assert seed(dry_run=True).outcome == Outcome.ADDED
        assert everything() == [[], []]
        assert catalogue().entry("qwen", "千问-plus") is None
        assert seed().outcome == Outcome.ADDED


class TestCommand:
    @pytest.fixture
    def run(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
        """The command over one model; returns what it said."""

        def files() -> Sequence[ListedModel]:
            bare = replace(LISTED, provider="tencent", name="混元-3d", capability="mesh", prices=())
            return (LISTED, bare)

        monkeypatch.setattr("generation.services.seeding.load_listed_models", files)

        def command(*arguments: str, **options: Any) -> str:
            said = StringIO()
            call_command("seed_catalogue", *arguments, stdout=said, **options)
            return said.getvalue()

        return command

    def test_prints_a_table_and_a_sum(self, run: Callable[..., str]) -> None:
        head, first, second, total = run().splitlines()
        assert head.split() == ["MODEL", "FACTS", "LIST", "PRICE,", "IN", "USD"]
        assert first.startswith("qwen:千问-plus")
        assert "0.0001 in, 0.0001 out per million (list-2026-01-01)" in first
        assert "MISSING" in second
        assert "2 added" in total
        assert "1 of 2 have no price" in total

    def test_told_again(self, run: Callable[..., str]) -> None:
        run()
        assert "0 added" in run().splitlines()[-1]

    def test_dry_run(self, run: Callable[..., str]) -> None:
        assert "nothing was changed" in run("--dry-run").splitlines()[-1]
        assert not CatalogueModel.objects.exists()

    def test_the_sum_alone(self, run: Callable[..., str]) -> None:
        assert len(run(verbosity=0).splitlines()) == 1

    def test_staffs_doing_is_told(self, run: Callable[..., str]) -> None:
        run()
        model = CatalogueModel.objects.get(provider="qwen")
        model_update(model=model, label="我们的")
        later = timezone.now() + timedelta(days=1)
        model_price_add(model=model, valid_from=later, input_micros=1, output_micros=1)
        said = run("--update")
        assert "edited, stays" in said
        assert "staff's own price stays" in said

    def test_files_that_cant_be_read_are_named(
        self, run: Callable[..., str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def files() -> Sequence[ListedModel]:
            raise ListPriceError("qwen.toml, 千问: unknown: contxt")

        monkeypatch.setattr("generation.services.seeding.load_listed_models", files)
        with pytest.raises(CommandError, match="千问: unknown: contxt"):
            run()

    def test_help_teaches(self) -> None:
        said = Command().create_parser("manage.py", "seed_catalogue").format_help()
        assert "  manage.py seed_catalogue --dry-run    only tell what would be done\n" in said
        assert "refused, not free" in said
