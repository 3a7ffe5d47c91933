"""Names and addresses are one regardless of case in every script, and no name looks like another or like nothing."""

from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from rest_framework.test import APIClient

from accounts.domain.names import folded, folded_email
from accounts.domain.scripts import is_highly_restricted
from accounts.models import User
from tests.conftest import PASSWORD, make_user

AUTH = "/api/v1/auth"


@pytest.mark.parametrize(
    "name",
    [
        *("demo", "Ärzte", "café", "李雷", "李雷_v2", "ひらカナ漢字abc", "한글漢字abc", "ㄅㄆ漢字a"),
        *("привет", "привет-2", "αβγ", "कखग", "דוד", "مرحبا", "Łódź", "a.b+c-d_1"),
    ],
)
def test_names_that_are_names(name: str) -> None:
    assert is_highly_restricted(name)


@pytest.mark.parametrize(
    "name",
    [
        *("demo\u3164", "demo\u1160", "\u115fdemo"),  # fillers of Hangul: nothing to see
        *("dеmo", "pаypal", "αdmin", "Ɑdmin", "ɑdmin", "ǃroot", "ᴀdmin"),
        *("李雷привет", "ひら한글", "абвabc", "деmо", "ა李", "𐌰bc"),
    ],
)
def test_names_that_deceive(name: str) -> None:
    assert not is_highly_restricted(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [("ÄRZTE", "ärzte"), ("STRASSE", "straße"), ("ПРИВЕТ", "привет"), ("ΣΟΦΟΣ", "σοφος"), ("ＡＢＣ", "abc")],
)
def test_what_is_the_same_but_for_case(one: str, other: str) -> None:
    assert folded(one) == folded(other) == folded(folded(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a@bücher.example", "A@xn--bcher-kva.example"),
        ("a@XN--BCHER-KVA.example", "a@BÜCHER.example"),
        ("茶@例子.广告", "茶@xn--fsqu00a.xn--4rr70v"),
    ],
)
def test_addresses_that_are_the_same_in_two_spellings(one: str, other: str) -> None:
    assert folded_email(one) == folded_email(other) == folded_email(folded_email(one))


@pytest.mark.parametrize(
    "address", ["a@xn--.example", "a@xn--ü.example", "a@xn--99999999999.example", "xn--bcher-kva@b.c"]
)
def test_what_is_no_spelling_of_a_domain_stays(address: str) -> None:
    assert folded_email(address).isascii() == address.isascii()


def register(name: str, email: str) -> Any:
    body = {"username": name, "email": email, "password": "correct horse 电池"}
    return APIClient().post(f"{AUTH}/register", body)


@pytest.mark.django_db
class TestAccounts:
    def test_are_one_in_every_case(self) -> None:
        assert register("Ärzte", "a@bücher.example").status_code == 201
        assert register("äRZTE", "b@example.com").json()["data"]["code"] == "USERNAME_TAKEN"
        assert register("other", "A@BÜCHER.example").json()["data"]["code"] == "EMAIL_TAKEN"

    @pytest.mark.parametrize("login", ["ÄRZTE", "ärzte", "A@BÜCHER.EXAMPLE"])
    def test_log_in_in_every_case(self, login: str) -> None:
        register("Ärzte", "a@bücher.example")
        answer = APIClient().post(f"{AUTH}/login", {"login": login, "password": "correct horse 电池"})
        assert answer.status_code == 200

    @pytest.mark.parametrize("name", ["demo\u3164", "dеmo"])
    def test_deceive_nobody(self, name: str, client_for: Any, alice: User) -> None:
        answers = [
            register(name, "x@example.com"),
            client_for(alice).patch(f"{AUTH}/me", {"username": name}),
        ]
        for answer in answers:
            assert answer.status_code == 422
            (problem,) = answer.json()["data"]["details"]["fields"]
            assert (problem["field"], problem["code"]) == ("username", "mixed_scripts")
        assert User.objects.get() == alice

    def test_whose_name_is_from_before_can_change_everything_else(self, client_for: Any, db: None) -> None:
        client = client_for(make_user("dеmo"))
        assert client.patch(f"{AUTH}/me", {"email": "new@example.com"}).status_code == 200
        assert client.patch(f"{AUTH}/me", {"username": "dеmо2"}).status_code == 422

    def test_that_staff_change_keep_their_name(self, staff: User, client: Any) -> None:
        user = make_user("dеmo")
        User.objects.filter(pk=user.pk).update(email="d@example.com")
        client.force_login(staff)
        url = f"/admin/accounts/user/{user.pk}/change/"
        form = {"username": "dеmo", "email": "d@example.com", "language": "zh", "theme": "dark"}
        assert client.post(url, form).status_code == 302
        assert client.post(url, {**form, "username": "dеmо"}).status_code == 200
        user.refresh_from_db()
        assert (user.username, user.theme, user.is_active) == ("dеmo", "dark", False)

    def test_are_found_by_whoever_changes_a_password(self, db: None) -> None:
        user = make_user("Ärzte")
        user.set_password("更好的 password 42")
        user.save(update_fields=["password"])
        assert User.objects.get_by_natural_key("ÄRZTE").check_password("更好的 password 42")


@pytest.mark.django_db
def test_an_address_is_one_in_both_spellings_of_its_domain() -> None:
    assert register("one", "a@bücher.example").status_code == 201
    taken = register("two", "a@xn--bcher-kva.example")
    assert (taken.status_code, taken.json()["data"]["code"]) == (409, "EMAIL_TAKEN")
    login = {"login": "a@xn--bcher-kva.example", "password": "correct horse 电池"}
    assert APIClient().post(f"{AUTH}/login", login).status_code == 200


@pytest.mark.django_db
def test_two_spellings_of_before_are_the_older_accounts(capsys: pytest.CaptureFixture[str]) -> None:
    older, younger, alone = (make_user(f"n{number}") for number in range(3))
    for user, email in (
        (older, "a@xn--bcher-kva.example"),
        (younger, "a@bücher.example"),
        (alone, "b@xn--bcher-kva.example"),
    ):
        User.objects.filter(pk=user.pk).update(email=email, email_folded=email)
    import_module("accounts.migrations.0015_readable_domains").fold(apps, connection.schema_editor())
    for user in (older, younger, alone):
        user.refresh_from_db()
    assert (older.email, older.email_folded) == ("a@xn--bcher-kva.example", "a@bücher.example")
    assert younger.email == younger.email_folded == f"{younger.pk}@removed.invalid"
    assert alone.email_folded == "b@bücher.example"
    assert "n1" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_clashes_of_before_go_to_the_older_account(capsys: pytest.CaptureFixture[str]) -> None:
    """The migration itself, on a table as it was: no database's LOWER folds these."""
    make_user("strasse-2")
    first, second, third = (make_user(f"n{number}") for number in range(3))
    call_command("migrate", "accounts", "0009", verbosity=0, stdout=StringIO())
    try:
        with connection.cursor() as cursor:
            for user, name, email in (
                (first, "straße", "a@straße.example"),
                (second, "STRASSE", "a@STRASSE.example"),
                (third, "other", "third@example.com"),
            ):
                cursor.execute(
                    "UPDATE accounts_user SET username = %s, email = %s, username_folded = '', email_folded = '' "
                    "WHERE username = %s",
                    [name, email, user.username],
                )
        import_module("accounts.migrations.0009_folded_names").fold(apps, connection.schema_editor())
    finally:
        call_command("migrate", "accounts", verbosity=0, stdout=StringIO())

    for user in (first, second, third):
        user.refresh_from_db()
    assert (first.username, first.email) == ("straße", "a@straße.example")
    assert (second.username, second.email) == ("STRASSE-3", f"{second.pk}@removed.invalid")
    assert (third.username, third.email) == ("other", "third@example.com")
    assert "STRASSE-3" in (told := capsys.readouterr().out)
    assert "a@STRASSE.example" in told
    assert User.objects.get_by_natural_key("Strasse") == first
    login = {"login": "Strasse", "password": PASSWORD}
    assert APIClient().post(f"{AUTH}/login", login).status_code == 200
