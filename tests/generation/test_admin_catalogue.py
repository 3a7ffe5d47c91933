"""Staff edit models and enter prices in the back office, by the rules of the services."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, User
from generation.domain.prices import PriceTier
from generation.domain.states import CallStatus
from generation.models import CatalogueModel, ModelPrice, ProviderCall
from generation.selectors.catalogue import catalogue
from tests.support.catalogue import model_make
from tests.support.speaking import speak

LIST = "admin:generation_cataloguemodel_changelist"
DAY = timedelta(days=1)


@pytest.fixture
def back_office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def page_of(model: CatalogueModel) -> str:
    return reverse("admin:generation_cataloguemodel_change", args=[model.pk])


def form(model: CatalogueModel | None = None, *prices: dict[str, str], **fields: str) -> dict[str, str]:
    """What a browser sends: the model's fields, its prices as they are, and new ones."""
    known = list(model.prices.order_by("-valid_from")) if model else []
    sent = {"label": "", "context_tokens": "", "max_output_tokens": "", "successor": "", "source": ""}
    sent |= {"ends_at_0": "", "ends_at_1": "", "is_active": "on"}
    if model is None:
        sent |= {"provider": "deepseek", "name": "千问-chat", "capability": "llm"}
    sent |= {"prices-TOTAL_FORMS": str(len(known) + len(prices)), "prices-INITIAL_FORMS": str(len(known))}
    for number, price in enumerate(known):
        sent |= {f"prices-{number}-id": str(price.pk), f"prices-{number}-model": str(price.model_id)}
    for number, given in enumerate(prices, start=len(known)):
        empty = dict.fromkeys(
            ("version", "valid_from_0", "valid_from_1", "input_price", "cached_price", "output_price", "item_price",
             "item_tiers", "source"), "",
        )  # fmt: skip
        sent |= {f"prices-{number}-{name}": value for name, value in {**empty, **given}.items()}
    return sent | fields


def errors_of(answer: Any) -> dict[str, Any]:
    """What the page tells about its fields."""
    assert answer.status_code == 200
    return dict(answer.context["adminform"].form.errors)


def price_errors_of(answer: Any) -> list[set[str]]:
    assert answer.status_code == 200
    (formset,) = answer.context["inline_admin_formsets"]
    return [set(one) for one in formset.formset.errors]


def said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def act(client: Client, action: str, *models: CatalogueModel) -> list[str]:
    form = {"action": action, "_selected_action": [str(one.pk) for one in models]}
    return said(client.post(reverse(LIST), form))[-1:]


class TestTiers:
    def test_are_typed_one_a_line(self, back_office: Client) -> None:
        model = model_make("openai", "千问-画图", price=None, capability="image")
        typed = "high * 0.2\n\nstandard 1048576 0.034"
        sent = form(model, {"item_price": "0.25", "item_tiers": typed})
        answer = back_office.post(page_of(model), sent)
        assert answer.status_code == 302, price_errors_of(answer)
        price = catalogue().item_price("openai", "千问-画图", capability="image")
        assert price is not None
        assert price.tiers == (PriceTier(200_000, "high"), PriceTier(34_000, "standard", 1_048_576))
        page = back_office.get(page_of(model)).content.decode()
        assert "standard ≤ 1048576: USD 0.034" in page
        assert "USD 0.034 to USD 0.25 each" in back_office.get(reverse(LIST)).content.decode()

    @pytest.mark.parametrize(
        "typed", ["high 0.2", "high x 0.2", "high * much", "best * 1", "high 5 1\nhigh 5 2"]
    )
    def test_that_cannot_be_read_are_told_in_their_place(self, back_office: Client, typed: str) -> None:
        model = model_make("openai", "千问-画图", price=None, capability="image")
        sent = form(model, {"item_price": "0.25", "item_tiers": typed})
        assert price_errors_of(back_office.post(page_of(model), sent)) == [{"item_tiers"}]
        assert not model.prices.exists()


class TestModel:
    def test_is_added_with_its_price_in_whole_dollars(self, back_office: Client) -> None:
        sent = form(
            None, {"input_price": "0.28", "cached_price": "0.028", "output_price": "0.42"}, label="千问 🙂"
        )
        answer = back_office.post(reverse("admin:generation_cataloguemodel_add"), sent)
        assert answer.status_code == 302, errors_of(answer)
        model = CatalogueModel.objects.get()
        assert (model.provider, model.name, model.label) == ("deepseek", "千问-chat", "千问 🙂")
        price = ModelPrice.objects.get(model=model)
        assert (price.input_micros, price.cached_input_micros, price.output_micros) == (
            280_000,
            28_000,
            420_000,
        )
        assert price.version == f"{price.valid_from:%Y-%m-%d}"
        known = catalogue().price("deepseek", "千问-chat")
        assert known is not None
        assert known.cost(input_tokens=1_000_000, output_tokens=0) == 280_000

    def test_facts_are_changed_and_known_at_once(self, back_office: Client) -> None:
        model = model_make("deepseek", "千问-chat", price=(1, 1, 1))
        ends = timezone.now() + 30 * DAY
        sent = form(model, context_tokens="64000", ends_at_0=f"{ends:%Y-%m-%d}", ends_at_1="12:00:00")
        assert back_office.post(page_of(model), sent).status_code == 302
        entry = catalogue().entry("deepseek", "千问-chat")
        assert entry is not None
        assert entry.context_tokens == 64_000
        assert entry.is_ended(ends + DAY)

    @pytest.mark.parametrize(
        ("fields", "wrong"),
        [
            ({"ends_at_0": "2026-01-01", "ends_at_1": "00:00:00"}, "ends_at"),
            ({"successor": "gpt-99"}, "successor"),
            ({"context_tokens": "0"}, "context_tokens"),
        ],
        ids=["past", "nobody", "nothing"],
    )
    def test_a_wrong_value_is_told_in_its_place(
        self, back_office: Client, fields: dict[str, str], wrong: str
    ) -> None:
        model = model_make("deepseek", "千问-chat", price=None)
        assert set(errors_of(back_office.post(page_of(model), form(model, **fields)))) == {wrong}
        model.refresh_from_db()
        assert (model.ends_at, model.successor, model.context_tokens) == (None, "", None)

    def test_a_wrong_name_is_told_in_its_place(self, back_office: Client) -> None:
        sent = form(None, name="two words", provider="Deep Seek")
        answer = back_office.post(reverse("admin:generation_cataloguemodel_add"), sent)
        assert set(errors_of(answer)) == {"name", "provider"}

    def test_what_ledgers_name_it_by_cant_be_sent(self, back_office: Client) -> None:
        model = model_make("deepseek", "千问-chat", price=None)
        back_office.post(page_of(model), form(model, name="other", provider="openai"))
        model.refresh_from_db()
        assert (model.provider, model.name) == ("deepseek", "千问-chat")

    def test_is_deleted_unless_calls_name_it(self, back_office: Client, alice: User) -> None:
        unused, used = (model_make("deepseek", name, price=(1, 1, 1)) for name in ("unused", "used"))
        bought(alice, used)
        for model in (unused, used):
            url = reverse("admin:generation_cataloguemodel_delete", args=[model.pk])
            answer = back_office.post(url, {"post": "yes"})
        assert "Switch it off instead" in said(answer)[-1]
        assert list(CatalogueModel.objects.all()) == [used]
        selected = {"action": "delete_selected", "_selected_action": [str(used.pk)], "post": "yes"}
        assert "Switch it off instead" in said(back_office.post(reverse(LIST), selected))[-1]
        assert list(CatalogueModel.objects.all()) == [used]

    def test_is_written_to_the_audit(self, back_office: Client, staff: User) -> None:
        model = model_make("deepseek", "千问-chat", price=None)
        back_office.post(page_of(model), form(model, {"input_price": "1", "output_price": "2"}, label="新"))
        entry = AuditEntry.objects.get(object_id=str(model.pk))
        assert (entry.actor_id, entry.action) == (staff.pk, "change")
        assert entry.changes["label"] == {"from": "", "to": "新"}
        price = ModelPrice.objects.get()
        assert entry.changes[f"modelprice {price.pk}"]["input_price"]["to"] == "1"


def bought(owner: User, model: CatalogueModel, version: str = "test-1") -> None:
    ProviderCall.objects.create(
        owner=owner, step="text", feature="test", capability="llm", provider=model.provider, model=model.name,
        status=CallStatus.SETTLED, cost_micros=1, price_version=version,
    )  # fmt: skip


class TestPrices:
    @pytest.fixture
    def model(self, db: None) -> CatalogueModel:
        return model_make("deepseek", "千问-chat", price=(270_000, 70_000, 1_100_000))

    def test_a_version_takes_over_at_its_time(self, back_office: Client, model: CatalogueModel) -> None:
        later = timezone.now() + DAY
        price = {"version": "合同", "input_price": "0.1", "output_price": "0.2"}
        sent = form(model, {**price, "valid_from_0": f"{later:%Y-%m-%d}", "valid_from_1": "00:00:00"})
        assert back_office.post(page_of(model), sent).status_code == 302
        known = catalogue()
        assert known.price("deepseek", "千问-chat").version == "test-1"  # type: ignore[union-attr]
        assert known.price("deepseek", "千问-chat", later + DAY).version == "合同"  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        ("given", "wrong"),
        [
            ({"input_price": "1"}, {"output_price"}),
            ({"input_price": "-1", "output_price": "1"}, {"input_price"}),
            ({"input_price": "many", "output_price": "1"}, {"input_price"}),
            ({"input_price": "0.0000001", "output_price": "1"}, {"input_price"}),
            ({"input_price": "1", "output_price": "1", "cached_price": "2"}, {"cached_price"}),
            ({"input_price": "1", "output_price": "1", "item_price": "1"}, {"item_price"}),
            ({"input_price": "1", "output_price": "1", "version": "list-9"}, {"version"}),
            (
                {
                    "input_price": "1",
                    "output_price": "1",
                    "valid_from_0": "2026-01-01",
                    "valid_from_1": "00:00:00",
                },
                {"valid_from"},
            ),
        ],
        ids=lambda one: ",".join(sorted(one)) if isinstance(one, set) else None,
    )
    def test_a_wrong_value_is_told_in_its_place(
        self, back_office: Client, model: CatalogueModel, given: dict[str, str], wrong: set[str]
    ) -> None:
        answer = back_office.post(page_of(model), form(model, given))
        assert price_errors_of(answer)[-1] == wrong
        assert model.prices.count() == 1

    def test_a_version_that_is_there_already_is_refused(
        self, back_office: Client, model: CatalogueModel
    ) -> None:
        sent = form(model, {"version": "test-1", "input_price": "1", "output_price": "1"})
        answer = back_office.post(page_of(model), sent)
        assert answer.status_code == 200
        assert any(answer.context["errors"])
        assert model.prices.count() == 1

    def test_one_that_is_there_cant_be_changed(self, back_office: Client, model: CatalogueModel) -> None:
        page = back_office.get(page_of(model)).text
        assert "USD 0.27" in page
        assert 'name="prices-0-input_price"' not in page
        sent = form(model) | {"prices-0-input_price": "9", "prices-0-version": "cheaper"}
        back_office.post(page_of(model), sent)
        price = model.prices.get()
        assert (price.version, price.input_micros) == ("test-1", 270_000)

    def test_one_that_nothing_was_counted_by_can_go(self, back_office: Client, model: CatalogueModel) -> None:
        assert back_office.post(page_of(model), form(model) | {"prices-0-DELETE": "on"}).status_code == 302
        assert not model.prices.exists()
        assert catalogue().price("deepseek", "千问-chat") is None

    def test_one_that_the_ledger_names_stays(
        self, back_office: Client, model: CatalogueModel, alice: User
    ) -> None:
        bought(alice, model)
        sent = form(model, label="新") | {"prices-0-DELETE": "on"}
        answer = back_office.post(page_of(model), sent)
        assert "Add a new version" in said(answer)[-1]
        model.refresh_from_db()
        assert (model.prices.count(), model.label) == (1, "")

    def test_all_versions_are_listed_and_only_shown(self, back_office: Client, model: CatalogueModel) -> None:
        url = reverse("admin:generation_modelprice_changelist")
        assert "USD 0.27 in · USD 1.10 out / M tokens" in back_office.get(url, {"q": "千问"}).text
        assert back_office.get(reverse("admin:generation_modelprice_add")).status_code == 403


class TestList:
    @pytest.fixture(autouse=True)
    def _models(self, db: None) -> None:
        now = timezone.now()
        model_make("deepseek", "on", price=(270_000, 1, 1_100_000))
        model_make("deepseek", "ended", price=None, ends_at=now - DAY)
        model_make("openai", "soon", price=None, ends_at=now + DAY)
        image = model_make("aliyun", "千问-画图", price=None, capability="image")
        ModelPrice.objects.create(model=image, version="v1", valid_from=now - DAY, item_micros=30_304)
        ModelPrice.objects.create(
            model=CatalogueModel.objects.get(name="soon"), version="v1", valid_from=now + DAY, input_micros=1,
            output_micros=1,
        )  # fmt: skip
        model_make("sandbox", "sandbox", price=None)

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({}, ["千问-画图", "ended", "on", "soon", "sandbox"]),
            ({"price": "missing"}, ["ended", "soon"]),
            ({"price": "there"}, ["千问-画图", "on", "sandbox"]),
            ({"end": "ended"}, ["ended"]),
            ({"end": "soon"}, ["soon"]),
            ({"end": "open"}, ["千问-画图", "on", "sandbox"]),
            ({"capability__exact": "image"}, ["千问-画图"]),
            ({"provider": "deepseek"}, ["ended", "on"]),
            ({"q": "画图"}, ["千问-画图"]),
            ({"q": "deep"}, ["ended", "on"]),
        ],
        ids=str,
    )
    def test_is_filtered_and_searched(
        self, back_office: Client, query: dict[str, str], found: list[str]
    ) -> None:
        view = back_office.get(reverse(LIST), query).context["cl"]
        assert [model.name for model in view.result_list] == found

    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_shows_money_in_whole_units(self, back_office: Client, language: str) -> None:
        page = speak(back_office, language).get(reverse(LIST)).text
        assert "USD 0.27" in page
        assert "USD 0.030304" in page

    def test_switches_models_off_and_on(self, back_office: Client) -> None:
        on, ended = CatalogueModel.objects.get(name="on"), CatalogueModel.objects.get(name="ended")
        assert act(back_office, "switch_off", on, ended) == ["2 models are off."]
        assert not catalogue().entry("deepseek", "on").is_active  # type: ignore[union-attr]
        assert act(back_office, "switch_on", on) == ["1 model is on."]
        assert catalogue().entry("deepseek", "on").is_active  # type: ignore[union-attr]
        assert AuditEntry.objects.filter(action="switch_off").count() == 2

    def test_who_may_only_look_changes_nothing(self) -> None:
        clerk = User.objects.create_user("clerk", "clerk@example.com", is_staff=True)
        clerk.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
        client = Client()
        client.force_login(clerk)
        model = CatalogueModel.objects.get(name="on")
        act(client, "switch_off", model)
        assert client.post(page_of(model), form(model, label="新")).status_code == 403
        model.refresh_from_db()
        assert (model.is_active, model.label) == (True, "")
