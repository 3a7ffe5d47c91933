"""Names that clients write, prices by time, and what an error suggests."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from generation.domain.catalogue import Catalogue, Entry, PriceVersion, near
from generation.domain.prices import FREE, ItemPrice, Price
from generation.errors import ModelEndedError, ModelUnavailableError, ModelUnknownError

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NOVA = "amazon.nova-pro-v1:0"
V3 = "deepseek-ai/DeepSeek-V3"


def versions(*amounts: int, begins: datetime = NOW - 10 * DAY) -> tuple[PriceVersion, ...]:
    """So many prices, a day apart."""
    return tuple(
        PriceVersion(begins + number * DAY, Price(amount, amount, version=f"v{number}"))
        for number, amount in enumerate(amounts)
    )


def entry(provider: str, name: str, **fields: Any) -> Entry:
    return Entry(provider, name, **{"prices": versions(100), **fields})


PER_IMAGE = (PriceVersion(NOW - DAY, None, ItemPrice(28_000, "v1")),)
CATALOGUE = Catalogue.of(
    [
        entry("openai", "gpt-4o"),
        entry("azure", "gpt-4o"),
        entry("openai", "gpt-4o-mini"),
        entry("openai", "gpt-4o-nano", prices=()),
        entry("deepseek", "deepseek-chat", ends_at=NOW - DAY, successor="deepseek-flash"),
        entry("deepseek", "deepseek-flash"),
        entry("siliconflow", V3),
        entry("bedrock", NOVA),
        entry("qwen", "qwen-plus", is_active=False),
        entry("aliyun", "千问-画图", capability="image", prices=PER_IMAGE),
    ]
)


class TestFind:
    @pytest.mark.parametrize(
        ("name", "found"),
        [
            ("gpt-4o", ["azure:gpt-4o", "openai:gpt-4o"]),
            ("openai:gpt-4o", ["openai:gpt-4o"]),
            (V3, [f"siliconflow:{V3}"]),
            (f"siliconflow:{V3}", [f"siliconflow:{V3}"]),
            (NOVA, [f"bedrock:{NOVA}"]),
            (f"bedrock:{NOVA}", [f"bedrock:{NOVA}"]),
            ("sandbox", ["sandbox:sandbox"]),
            ("sandbox-priced", ["sandbox:sandbox-priced"]),
            ("local:千问-7b", ["local:千问-7b"]),
            ("gpt-99", []),
            ("nobody:gpt-4o", []),
            ("千问-画图", []),
            ("local:", []),
            ("", []),
        ],
    )
    def test_by_model_or_by_provider_and_model(self, name: str, found: list[str]) -> None:
        assert [one.full_name for one in CATALOGUE.find(name)] == found

    def test_of_another_capability(self) -> None:
        assert [one.provider for one in CATALOGUE.find("千问-画图", capability="image")] == ["aliyun"]


class TestResolve:
    def test_gives_the_ways_in_the_order_of_the_providers(self) -> None:
        found = CATALOGUE.resolve("gpt-4o", providers=["openai", "deepseek", "azure"], now=NOW)
        assert [one.provider for one in found] == ["openai", "azure"]

    def test_an_unknown_name_suggests_similar_ones(self) -> None:
        with pytest.raises(ModelUnknownError) as caught:
            CATALOGUE.resolve("GPT4o-mini", providers=["openai"], now=NOW)
        assert caught.value.details["near"][0] == "gpt-4o-mini"
        assert "gpt-4o-mini" in caught.value.message("en")
        assert "gpt-4o-mini" in caught.value.message("zh")

    def test_a_part_of_a_name_is_enough(self) -> None:
        with pytest.raises(ModelUnknownError) as caught:
            CATALOGUE.resolve("nova", providers=["bedrock"], now=NOW)
        assert NOVA in caught.value.details["near"]

    def test_a_name_like_no_other_suggests_something_nevertheless(self) -> None:
        with pytest.raises(ModelUnknownError) as caught:
            CATALOGUE.resolve("茶 🍵", providers=["openai"], now=NOW)
        assert caught.value.details["near"]

    @pytest.mark.parametrize(
        "name", ["deepseek-chatt", "azure:gpt-4o-", "gpt-4o-nan", "qwen-pluss", "gpt-4o-mini-"]
    )
    def test_only_what_can_be_called_is_suggested(self, name: str) -> None:
        def is_served(entry: Entry) -> bool:
            return entry.name != "gpt-4o-mini"

        providers = ["openai", "deepseek", "qwen"]
        with pytest.raises(ModelUnknownError) as caught:
            CATALOGUE.resolve(name, providers=providers, now=NOW, is_served=is_served)
        able = {"gpt-4o", "openai:gpt-4o", "deepseek-flash", "deepseek:deepseek-flash"}
        assert set(caught.value.details["near"]) <= able

    def test_a_successor_is_named_only_if_it_can_be_called(self) -> None:
        with pytest.raises(ModelEndedError) as caught:
            CATALOGUE.resolve("deepseek-chat", providers=["deepseek"], now=NOW, is_served=lambda entry: False)
        assert caught.value.details["successor"] is None
        assert "GET /api/v1/catalogue" in caught.value.message("en")

    def test_the_most_similar_comes_first(self) -> None:
        choices = CATALOGUE.choices(providers=["openai", "deepseek"], now=NOW)
        assert near("gpt-4o-min", choices)[0] == "gpt-4o-mini"
        assert near("gpt-4o" * 1000, choices)

    def test_an_ended_model_names_date_and_successor(self) -> None:
        with pytest.raises(ModelEndedError) as caught:
            CATALOGUE.resolve("deepseek-chat", providers=["deepseek"], now=NOW)
        assert caught.value.details == {
            "model": "deepseek-chat",
            "provider": "deepseek",
            "ended_at": "2026-04-30",
            "successor": "deepseek-flash",
        }
        for language in ("en", "zh"):
            assert "2026-04-30" in caught.value.message(language)
            assert "deepseek-flash" in caught.value.message(language)

    def test_it_could_be_called_until_its_end(self) -> None:
        found = CATALOGUE.resolve("deepseek-chat", providers=["deepseek"], now=NOW - 2 * DAY)
        assert [one.name for one in found] == ["deepseek-chat"]

    @pytest.mark.parametrize(("name", "providers"), [("gpt-4o", ["deepseek"]), ("qwen-plus", ["qwen"])])
    def test_without_a_key_or_switched_off_it_names_what_can_be_called(
        self, name: str, providers: list[str]
    ) -> None:
        with pytest.raises(ModelUnavailableError) as caught:
            CATALOGUE.resolve(name, providers=[*providers, "siliconflow"], now=NOW)
        assert f"siliconflow:{V3}" in caught.value.details["choices"]
        assert "/api-keys" in caught.value.message("en")
        assert "/api-keys" in caught.value.message("zh")

    def test_a_model_without_a_price_is_no_choice(self) -> None:
        found = CATALOGUE.choices(providers=["openai"], now=NOW)
        assert [one.full_name for one in found] == ["openai:gpt-4o", "openai:gpt-4o-mini"]


class TestPrices:
    def test_the_latest_that_has_begun_is_in_force(self) -> None:
        known = Catalogue.of([Entry("x", "m", prices=versions(1, 2, 3, begins=NOW))])
        asked = [NOW - timedelta(seconds=1), NOW, NOW + DAY - timedelta(seconds=1), NOW + DAY, NOW + 9 * DAY]
        found = [known.price("x", "m", at) for at in asked]
        assert [one and one.input for one in found] == [None, 1, 1, 2, 3]

    def test_nobody_has_entered_one(self) -> None:
        assert CATALOGUE.price("openai", "gpt-4o-nano") is None
        assert CATALOGUE.price("openai", "gpt-99") is None
        assert not CATALOGUE.has_price("openai", "gpt-4o-nano")

    def test_items_have_prices_of_their_own(self) -> None:
        price = CATALOGUE.item_price("aliyun", "千问-画图", NOW, capability="image")
        assert price == ItemPrice(28_000, "v1")
        assert CATALOGUE.has_price("aliyun", "千问-画图", NOW, capability="image")
        assert CATALOGUE.price("aliyun", "千问-画图", NOW, capability="image") is None

    def test_a_row_overrides_a_built_in_price(self) -> None:
        assert Catalogue.of(()).price("sandbox", "sandbox") == FREE
        known = Catalogue.of([Entry("sandbox", "sandbox", prices=versions(7))])
        assert known.price("sandbox", "sandbox", NOW) == Price(7, 7, version="v0")

    def test_without_any_row_only_what_is_free_has_a_price(self) -> None:
        empty = Catalogue.of(())
        assert empty.price("deepseek", "deepseek-chat") is None
        assert empty.price("local", "千问-7b") == FREE
        assert [(one.capability, one.full_name) for one in empty.entries.values()] == [
            ("image", "sandbox:sandbox"),
            ("image", "sandbox:sandbox-priced"),
            ("image", "sandbox:sandbox-tasks"),
            ("llm", "sandbox:sandbox"),
            ("llm", "sandbox:sandbox-priced"),
            ("mesh", "sandbox:sandbox"),
            ("mesh", "sandbox:sandbox-priced"),
            ("mesh", "sandbox:sandbox-tasks"),
        ]
