"""The files of models: all readable, and a mistake in one is named."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from generation.domain.list_prices import (  # noqa
    ListPriceError,
    fingerprint,
    is_second_hand,
    load_listed_models,
    micros,
    vendor_hosts,
)
from generation.domain.prices import is_built_in
from generation.models import CatalogueModel, ModelPrice

HEAD = 'provider = "deepseek"\ncurrency = "USD"\nsource = "https://example.com/p"\n'
MODEL = '[[models]]\nname = "千问"\ncontext_tokens = 1000\nfeatures = ["tools"]\n'
PRICE = '[[models.prices]]\nvalid_from = 2026-01-31T00:00:00Z\ninput = "0.28"\noutput = "0.42"\n'


def test_the_files_that_come_with_the_product_are_whole() -> None:
    models = load_listed_models()
    keys = [(one.capability, one.provider, one.name) for one in models]
    assert len(set(keys)) == len(keys) > 50
    assert {one.provider for one in models} >= {
        "deepseek", "openai", "qwen", "moonshot", "siliconflow", "bedrock", "aliyun", "tencent", "aws", "sandbox",
    }  # fmt: skip
    names = {(one.capability, one.name) for one in models}
    for one in models:
        is_ours = is_built_in(one.capability, one.provider, one.name)
        assert one.facts["source"].startswith("https://") or is_ours, one.name
        successor = one.facts["successor"]
        assert not successor or (one.capability, successor) in names, one.name
        assert len({price.version for price in one.prices}) == len(one.prices), one.name


def test_they_fit_the_columns() -> None:
    for one in load_listed_models():
        CatalogueModel(
            provider=one.provider, name=one.name, capability=one.capability, **one.facts
        ).clean_fields()
        for price in one.prices:
            ModelPrice(
                version=price.version, valid_from=price.valid_from, source=price.source,
                input_micros=price.input_micros, output_micros=price.output_micros, item_micros=price.item_micros,
                tiers=[tier.row() for tier in price.tiers] or None,
            ).clean_fields(exclude=["model"])  # fmt: skip


def test_a_successor_hasnt_ended_before_its_model() -> None:
    ends = {(one.capability, one.name): one.facts["ends_at"] for one in load_listed_models()}
    for one in load_listed_models():
        if one.facts["successor"]:
            end = ends[one.capability, one.facts["successor"]]
            assert end is None or end > one.facts["ends_at"], one.name


def test_whole_units_become_micro_units_rounded_up() -> None:
    assert micros("0.28") == 280_000
    assert micros("0") == 0
    assert micros("0.0000001") == 1
    assert micros("2", Decimal("6.6")) == 303_031


@pytest.mark.parametrize("amount", ["-1", "NaN", "1,5", "", "Infinity"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        micros(amount)


def written(folder: Path, text: str) -> Path:
    (folder / "some.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_model_is_read(tmp_path: Path) -> None:
    (model,) = load_listed_models(written(tmp_path, HEAD + MODEL + PRICE))
    assert (model.provider, model.name, model.capability) == ("deepseek", "千问", "llm")
    assert model.facts["has_tools"] is True
    assert model.facts["has_vision"] is False
    (price,) = model.prices
    assert (price.version, price.valid_from) == ("list-2026-01-31", datetime(2026, 1, 31, tzinfo=UTC))
    assert (price.input_micros, price.cached_input_micros, price.output_micros) == (280_000, None, 420_000)
    assert price.source == "https://example.com/p"


def test_yuan_are_converted_at_the_rate_of_the_file(tmp_path: Path) -> None:
    head = 'provider = "qwen"\ncurrency = "CNY"\nper_usd = "7"\n'
    (model,) = load_listed_models(written(tmp_path, head + MODEL + PRICE))
    assert model.prices[0].input_micros == 40_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + MODEL.replace("context_tokens", "contxt_tokens"), "千问: unknown: contxt_tokens"),
        (HEAD + MODEL.replace('"tools"', '"magic"'), "unknown: magic"),
        (HEAD + MODEL + PRICE.replace("output", "item"), "needs input and output"),
        (HEAD + MODEL + PRICE.replace('"0.28"', '"free"'), "'free' is no amount"),
        (HEAD + MODEL.replace("[[models]]", '[[models]]\ncapability = "magic"'), "'magic' is no capability"),
        (HEAD.replace("USD", "CNY") + MODEL, "some.toml: 'per_usd'"),
        (HEAD + "models = 1 2", "some.toml"),
    ],
    ids=["column", "feature", "price", "amount", "capability", "rate", "toml"],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ListPriceError, match=said):
        load_listed_models(written(tmp_path, text))


def test_a_fingerprint_tells_facts_apart() -> None:
    facts = {"label": "千问", "ends_at": datetime(2026, 1, 31, tzinfo=UTC)}
    assert fingerprint(facts) == fingerprint(dict(reversed(facts.items())))
    assert fingerprint(facts) != fingerprint({**facts, "label": "通义"})


@pytest.mark.parametrize(
    ("provider", "source", "answer"),
    [
        ("moonshot", "https://platform.kimi.com/docs/pricing/chat", False),
        ("moonshot", "https://kimi.com/pricing", False),
        ("moonshot", "https://notkimi.com/pricing", True),
        ("moonshot", "https://dev.to/somebody/kimi-prices", True),
        ("moonshot", "", False),
        ("openai", "https://developers.openai.com/api/docs/pricing", False),
        ("nobody", "https://dev.to/somebody", False),
    ],
)
def test_a_price_that_was_not_read_at_its_vendor_is_second_hand(
    provider: str, source: str, answer: bool
) -> None:
    assert is_second_hand(provider, source) is answer


def test_every_vendor_with_prices_says_which_hosts_are_its_own() -> None:
    paid = {model.provider for model in load_listed_models() if model.prices} - {"sandbox", "local-model"}
    assert {provider for provider in paid if not vendor_hosts()[provider]} == set()
