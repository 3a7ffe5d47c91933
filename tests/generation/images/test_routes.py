"""Who makes a picture: own keys for vendors of pictures, then the operator's providers; for tests the sandbox."""

from typing import Any

import pytest

from accounts.models import ProviderKey, User
from accounts.selectors.keys import provider_keys_forget_all
from config.crypto import Secret
from generation.domain.catalogue import IMAGE
from generation.errors import ModelUnavailableError, ModelUnknownError, PriceMissingError
from generation.jobs import runner
from generation.jobs.order_routes import OrderRoute, order_routes_for
from generation.providers import registry
from generation.providers.image.base import ImageOrder
from tests.generation.factories import calls, fetch, order_to_the_end
from tests.generation.images.conftest import MICROS, PATHS
from tests.generation.images.orders import image_job
from tests.support.catalogue import item_model_make
from tests.support.image_server import ImageServer

pytestmark = pytest.mark.django_db


def key(owner: User, provider: str, **fields: Any) -> ProviderKey:
    made = ProviderKey.objects.create(owner=owner, provider=provider, secret=Secret("sk-own-1234"), **fields)
    provider_keys_forget_all()
    return made


def keys_lead_to(vendor: ImageServer, settings: Any) -> None:
    """Own keys for Qwen buy pictures at this vendor."""
    aliyun = {**settings.ORDER_VENDORS[IMAGE]["qwen"], "base_url": vendor.aliyun_url}
    settings.ORDER_VENDORS = {**settings.ORDER_VENDORS, IMAGE: {"qwen": aliyun}}


def told(routes: tuple[OrderRoute, ...]) -> list[tuple[str, str, bool]]:
    return [(route.provider, route.model, route.key is not None) for route in routes]


def test_the_environment_says_the_order(alice: User, vendor: ImageServer) -> None:
    assert told(order_routes_for(alice.pk, IMAGE)) == [
        ("aliyun", "qwen-image-plus", False),
        ("siliconflow", "Qwen/Qwen-Image", False),
    ]
    assert told(order_routes_for(alice.pk, IMAGE, model="Qwen/Qwen-Image")) == [
        ("siliconflow", "Qwen/Qwen-Image", False)
    ]
    with pytest.raises(ModelUnknownError):
        order_routes_for(alice.pk, IMAGE, model="deepseek-chat")


def test_a_server_of_the_operators_has_whatever_models_it_has(
    alice: User, vendor: ImageServer, settings: Any
) -> None:
    options = {"base_url": vendor.openai_url, "model": "local"}
    settings.PROVIDERS = {IMAGE: {"local": {"path": PATHS["siliconflow"], "options": options}}}
    settings.PROVIDER_ORDER = {IMAGE: ["local"]}
    registry.reset()
    assert told(order_routes_for(alice.pk, IMAGE)) == [("local", "local", False)]
    job = order_to_the_end(image_job(alice, model="local:flux"))
    assert [(call.model, call.status, call.cost_micros) for call in calls(job)] == [("flux", "settled", 0)]


def test_own_keys_come_first_for_what_they_can_do(alice: User, vendor: ImageServer) -> None:
    """A key for Qwen is one of the Model Studio, which makes pictures; one for DeepSeek makes none."""
    for provider in ("deepseek", "qwen", "openai"):
        key(alice, provider, model_name="some-text-model")
    assert told(order_routes_for(alice.pk, IMAGE)) == [
        ("aliyun", "qwen-image-plus", True),
        ("aliyun", "qwen-image-plus", False),
        ("siliconflow", "Qwen/Qwen-Image", False),
    ], "OpenAI's model has no price here"
    assert told(order_routes_for(alice.pk, IMAGE, model="qwen-image-plus"))[0] == (
        "aliyun",
        "qwen-image-plus",
        True,
    )
    item_model_make("openai", "gpt-image-1.5", capability=IMAGE, micros=1)
    assert told(order_routes_for(alice.pk, IMAGE, model="openai:gpt-image-1.5")) == [
        ("openai", "gpt-image-1.5", True)
    ]


def test_a_server_of_ones_own_is_asked_by_name(alice: User, bob: User, vendor: ImageServer) -> None:
    free = {"input_micros": 0, "output_micros": 0}
    key(alice, "custom", base_url=f"{vendor.openai_url}", **free)
    assert "custom" not in {route.provider for route in order_routes_for(alice.pk, IMAGE)}
    (route,) = order_routes_for(alice.pk, IMAGE, model="custom:flux")
    assert (route.provider, route.model, route.cost(ImageOrder("x", 8, 8))) == ("custom", "flux", 0)
    job = order_to_the_end(image_job(alice, model="custom:flux"))
    assert [(call.provider, call.status, call.is_own_key) for call in calls(job)] == [
        ("custom", "settled", True)
    ]
    key(bob, "custom", base_url=vendor.openai_url)
    with pytest.raises(PriceMissingError):
        order_routes_for(bob.pk, IMAGE, model="custom:flux")


def test_an_own_key_pays_and_looks_up_what_it_has_ordered(
    alice: User, vendor: ImageServer, settings: Any
) -> None:
    keys_lead_to(vendor, settings)
    settings.PROVIDERS, settings.PROVIDER_ORDER = {}, {}
    own = key(alice, "qwen")
    vendor.is_done = False
    job = image_job(alice)
    runner.run(job.pk)
    vendor.is_done = True
    assert order_to_the_end(job).status == "succeeded"
    (call,) = calls(job)
    assert (call.provider, call.provider_key_id, call.is_own_key) == ("aliyun", own.pk, True)
    assert (call.budget_month, call.cost_micros) == (None, MICROS["aliyun"])
    assert vendor.headers[0]["authorization"] == "Bearer sk-own-1234"
    vendor.is_done = False
    job = image_job(alice)
    runner.run(job.pk)
    own.delete()
    assert order_to_the_end(job).error_code == "CALL_UNCERTAIN", "nobody can ask any more"


def test_regions_of_a_vendor_are_known_and_other_addresses_are_not() -> None:
    def address(base_url: str) -> str | None:
        return registry.vendor_of(IMAGE, "qwen", base_url).get("base_url")

    assert address("") == "https://dashscope.aliyuncs.com/api/v1"
    assert address("https://dashscope-intl.aliyuncs.com/compatible-mode/v1") == (
        "https://dashscope-intl.aliyuncs.com/api/v1"
    )
    assert address("https://gateway.example/v1") is None
    assert address("https://dashscope.aliyuncs.com.evil.example/v1") is None
    assert registry.vendor_of(IMAGE, "deepseek", "") == {}


def test_a_test_job_is_drawn_by_the_sandbox_at_the_price_of_the_model(
    alice: User, vendor: ImageServer
) -> None:
    (route,) = order_routes_for(alice.pk, IMAGE, model="qwen-image-plus", is_test=True)
    assert (route.provider, route.is_test) == ("sandbox", True)
    assert route.cost(ImageOrder("x", 8, 8)) == MICROS["aliyun"]
    (route,) = order_routes_for(alice.pk, IMAGE, is_test=True)
    assert route.cost(ImageOrder("x", 8, 8)) == 0
    (route,) = order_routes_for(alice.pk, IMAGE, model="sandbox-priced", is_test=True)
    assert route.cost(ImageOrder("x", 2048, 2048, quality="high")) == 80_000
    item_model_make("openai", "gpt-image-1.5", capability=IMAGE, micros=1)
    with pytest.raises(ModelUnavailableError):
        order_routes_for(alice.pk, IMAGE, model="gpt-image-1.5")


def test_an_own_key_that_is_refused_is_the_owners_matter(
    alice: User, vendor: ImageServer, settings: Any
) -> None:
    keys_lead_to(vendor, settings)
    settings.PROVIDERS, settings.PROVIDER_ORDER = {}, {}
    own = key(alice, "qwen")
    job = image_job(alice, "[[server:auth]]", model="qwen-image-plus")
    runner.run(job.pk)
    assert fetch(job).error_code == "PROVIDER_KEY_REFUSED"
    own.refresh_from_db()
    assert own.error_code == "PROVIDER_KEY_REFUSED"
