"""What accounts do is written down with it, from where it came, and can be listed, counted and cleared."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Activity, User
from accounts.models.actions import Action
from accounts.services import activities
from accounts.services.activities import activity_record
from accounts.services.registration import user_register
from config.api import origin
from config.db import uuid7_floor
from templates.models import Project
from tests.templates.factories import content_template_make, project_make

PROMPTS = {"prompt_zh": "请介绍 {{project_name}}。", "prompt_en": "Tell about {{project_name}}."}

pytestmark = pytest.mark.django_db

URL = "/api/v1/activities"
AUTH = "/api/v1/auth"
NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)


def did(user: User, action: str = Action.LOGIN, *, at: datetime | None = None, **fields: Any) -> Activity:
    """An activity of then."""
    row = Activity.objects.create(owner=user, action=action, **fields)
    if at is not None:
        Activity.objects.filter(pk=row.pk).update(created_at=at)
    return row


def actions_of(user: User) -> list[str]:
    return list(Activity.objects.filter(owner=user).order_by("pk").values_list("action", flat=True))


class TestWhatIsRecorded:
    def test_the_life_of_an_account(self, anonymous: APIClient) -> None:
        given = {"username": "李雷", "email": "lilei@example.com", "password": "correct horse 电池"}
        tokens = anonymous.post(f"{AUTH}/register", given).json()["data"]
        user = User.objects.get()
        anonymous.post(f"{AUTH}/login", {"login": "李雷", "password": given["password"]})
        me = APIClient()
        me.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
        me.patch(f"{AUTH}/me", {"theme": "dark", "language": user.language})
        passwords = {"current_password": given["password"], "new_password": "更好的 password 42"}
        again = me.post(f"{AUTH}/password", passwords).json()["data"]
        me.credentials(HTTP_AUTHORIZATION=f"Bearer {again['access']}")
        me.post(f"{AUTH}/logout")

        assert actions_of(user) == ["register", "login", "update_account", "change_password", "logout"]
        changed = Activity.objects.get(action="update_account")
        assert (changed.object_type, changed.object_id) == ("user", str(user.pk))
        assert changed.details == {"fields": ["theme"]}
        everything = str(list(Activity.objects.values()))
        assert "电池" not in everything
        assert "更好的" not in everything

    def test_what_fails_or_changes_nothing_is_no_activity(self, client_for, alice: User, bob: User) -> None:
        client = client_for(alice)
        client.patch(f"{AUTH}/me", {"theme": alice.theme})
        client.patch(f"{AUTH}/me", {"username": "bob"})
        APIClient().post(f"{AUTH}/login", {"login": "alice", "password": "wrong"})
        client.post(f"{AUTH}/password", {"current_password": "wrong", "new_password": "更好的 password 42"})
        assert actions_of(alice) == []

    @pytest.mark.parametrize("names", [{"action": "eat"}, {"action": "login", "object_type": "cake"}])
    def test_what_no_app_registers_is_refused(self, alice: User, names: dict[str, str]) -> None:
        with pytest.raises(LookupError, match="no app registers the activity"):
            activity_record(owner_id=alice.pk, **names)
        assert actions_of(alice) == []

    def test_where_from(self, client_for, alice: User) -> None:
        headers = {
            "User-Agent": "Atelier 客户端/1.0".encode().decode("latin-1"),
            "X-Request-ID": "req-20260131",
        }
        client_for(alice).patch(f"{AUTH}/me", {"theme": "dark"}, headers=headers, REMOTE_ADDR="2001:db8::7")

        row = Activity.objects.get()
        assert (row.ip_address, row.user_agent) == ("2001:db8::7", "Atelier 客户端/1.0")
        assert row.request_id == "req-20260131"

    @pytest.mark.parametrize(
        ("address", "stored"),
        [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("fe80::1%eth0", "fe80::1"),
            ("", None),
            ("unknown", None),
            ("192.0.2.1:5000", None),
        ],
    )
    def test_addresses_that_a_database_takes(
        self, client_for, alice: User, address: str, stored: str | None
    ) -> None:
        assert (
            client_for(alice).patch(f"{AUTH}/me", {"theme": "dark"}, REMOTE_ADDR=address).status_code == 200
        )
        assert Activity.objects.get().ip_address == stored

    def test_a_program_name_without_end_or_with_control_characters(self, client_for, alice: User) -> None:
        headers = {"User-Agent": "x\x01" + "y" * 1000}
        client_for(alice).patch(f"{AUTH}/me", {"theme": "dark"}, headers=headers)
        assert Activity.objects.get().user_agent == "x" + "y" * 399

    def test_outside_of_requests_there_is_no_where(self, db: None) -> None:
        user, _ = user_register(username="韩梅梅", email="h@example.com", password="correct horse 电池")
        row = Activity.objects.get(owner=user)
        assert (row.action, row.ip_address, row.user_agent, row.request_id) == ("register", None, "", "")
        assert origin.current() == origin.Origin()

    def test_one_request_leaves_nothing_for_the_next(self, client_for, alice: User) -> None:
        client_for(alice).get(f"{AUTH}/me")
        assert origin.current() == origin.Origin()

    def test_projects_templates_and_batches(self, client_for, alice: User, bob: User) -> None:
        client = client_for(alice)
        project = client.post("/api/v1/templates/projects", {"name_zh": "云上茶馆", "name_en": "Tea"}).json()
        project_url = f"/api/v1/templates/projects/{project['data']['id']}"
        client.patch(project_url, {"description_zh": "社区茶馆"})
        template = content_template_make(**PROMPTS)
        batch = client.post("/api/v1/templates/batch-generate", {"template_codes": [template.code]}).json()
        batch_url = f"/api/v1/templates/batches/{batch['data']['id']}"
        for step in ("pause", "resume", "pause", "cancel", "cancel"):
            client.post(f"{batch_url}/{step}")
        client.delete(project_url)

        assert actions_of(alice) == [
            *("create_project", "update_project", "generate_documents"),
            *("pause_batch", "resume_batch", "pause_batch", "cancel_batch", "delete_project"),
        ]
        assert Activity.objects.get(action="update_project").details == {
            "code": "tea",
            "fields": ["description_zh"],
        }
        made = Activity.objects.get(action="generate_documents")
        assert (made.object_type, made.object_id) == ("batch", batch["data"]["id"])
        assert made.details == {"total": 2, "to_run": 2, "is_test": True}
        assert actions_of(bob) == []

    def test_jobs(self, client_for, alice: User) -> None:
        project_make(alice)
        client = client_for(alice)
        template = content_template_make(**PROMPTS)
        asked = {"template_codes": [template.code]}
        job = client.post("/api/v1/templates/batch-generate", asked).headers["Location"]
        Activity.objects.all().delete()
        assert [client.post(f"{job}/cancel").status_code for _ in range(2)] == [200, 200]
        assert client.post(f"{job}/retry").status_code == 409

        row = Activity.objects.get()
        assert (row.action, row.object_type, job.endswith(row.object_id)) == ("cancel_job", "job", True)
        assert row.details == {"kind": "templates.batch"}

    def test_an_import_is_one_activity(self, alice: User, tmp_path) -> None:
        file = tmp_path / "projects.csv"
        file.write_text("name_zh,name_en\n云上茶馆,Tea\n书店,Books\n", encoding="utf-8")
        call_command("import_projects", str(file), owner="alice", verbosity=0)
        row = Activity.objects.get()
        assert (row.action, row.details) == ("import_projects", {"created": 2, "updated": 0, "unchanged": 0})

    def test_secrets_dont_get_into_details(self, alice: User) -> None:
        secret = "sk-" + "a1b2c3d4e5f6"
        activity_record(
            owner_id=alice.pk,
            action=Action.CREATE_API_KEY,
            details={"name": f"my {secret}", "api_key": "x" * 9},
        )
        assert secret not in str(Activity.objects.get().details)
        assert "x" * 9 not in str(Activity.objects.get().details)


@pytest.mark.django_db(transaction=True)
class TestTogether:
    """The effect and its record are one transaction."""

    def test_no_effect_without_its_record(
        self, client_for, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: Any, **__: Any) -> None:
            raise IntegrityError("planted")

        monkeypatch.setattr("accounts.services.users.account_record", broken)
        monkeypatch.setattr("templates.services.sources.row_record", broken)
        client = client_for(alice)
        client.raise_request_exception = False
        assert client.patch(f"{AUTH}/me", {"theme": "dark"}).status_code == 500
        answer = client.post("/api/v1/templates/projects", {"name_zh": "云上茶馆"})
        assert answer.status_code >= 400
        alice.refresh_from_db()
        assert alice.theme == "system"
        assert not Project.objects.owned_by(alice.pk).exists()

    def test_no_record_without_its_effect(
        self, client_for, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(**_: Any) -> None:
            raise IntegrityError("planted")

        monkeypatch.setattr("accounts.services.registration.session_start", broken)
        given = {"username": "李雷", "email": "lilei@example.com", "password": "correct horse 电池"}
        client = APIClient(raise_request_exception=False)
        assert client.post(f"{AUTH}/register", given).status_code == 500
        assert not Activity.objects.exists()


class TestList:
    def test_shows_what_was_done_newest_first(self, client_for, alice: User, bob: User) -> None:
        did(bob)
        did(alice, at=NOW, ip_address="192.0.2.7", user_agent="浏览器", request_id="r-1")
        did(alice, "create_project", object_type="project", object_id="p1", details={"code": "茶"})
        data = client_for(alice).get(URL).json()["data"]

        assert [row["action"] for row in data] == ["create_project", "login"]
        assert data[1] == {
            "id": str(Activity.objects.get(owner=alice, action="login").pk),
            "action": "login",
            "object_type": "",
            "object_id": "",
            "details": {},
            "ip_address": "192.0.2.7",
            "user_agent": "浏览器",
            "request_id": "r-1",
            "created_at": "2026-01-31T08:00:00.000000Z",
        }
        assert (data[0]["details"], data[0]["ip_address"]) == ({"code": "茶"}, None)

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("action=create_api_key", ["create_api_key"]),
            ("object_type=user", ["update_account"]),
            ("object_id=k1", ["create_api_key"]),
            ("created_from=2026-01-31T08:00:00Z", ["update_account", "create_api_key"]),
            ("created_before=2026-01-31T08:00:00Z", ["login"]),
            ("sort=created_at&limit=2", ["login", "create_api_key"]),
            ("action=create_api_key&object_type=user", []),
        ],
    )
    def test_filters(self, client_for, alice: User, query: str, found: list[str]) -> None:
        did(alice, at=NOW - timedelta(seconds=1))
        did(alice, Action.CREATE_API_KEY, at=NOW, object_type="api_key", object_id="k1")
        did(alice, Action.UPDATE_ACCOUNT, at=NOW + timedelta(days=1), object_type="user", object_id="p1")
        assert [row["action"] for row in client_for(alice).get(f"{URL}?{query}").json()["data"]] == found

    @pytest.mark.parametrize("query", ["action=eat", "object_type=cake", "owner=x", "created_from=soon"])
    def test_unknown_filters_are_errors(self, client_for, alice: User, query: str) -> None:
        assert client_for(alice).get(f"{URL}?{query}").status_code == 422

    def test_goes_on_by_cursor(self, client_for, alice: User) -> None:
        for _ in range(5):
            did(alice)
        client = client_for(alice)
        first = client.get(f"{URL}?limit=3&cursor=").json()
        rest = client.get(f"{URL}?limit=3&cursor={first['meta']['next_cursor']}").json()
        assert len({row["id"] for row in first["data"] + rest["data"]}) == 5


class TestStats:
    def test_counts_by_action_type_and_day(self, client_for, alice: User, bob: User) -> None:
        did(bob, at=NOW)
        for hour in (0, 23):
            did(alice, at=NOW.replace(hour=hour, minute=59), object_type="user")
        did(alice, Action.CREATE_API_KEY, at=NOW - timedelta(days=1), object_type="api_key")
        did(alice, at=NOW - timedelta(days=2))
        data = client_for(alice).get(f"{URL}/stats?first_day=2026-01-30&last_day=2026-01-31").json()["data"]

        assert data == {
            "first_day": "2026-01-30",
            "last_day": "2026-01-31",
            "total": 3,
            "by_action": [{"action": "login", "count": 2}, {"action": "create_api_key", "count": 1}],
            "by_object_type": [{"object_type": "user", "count": 2}, {"object_type": "api_key", "count": 1}],
            "by_day": [{"day": "2026-01-30", "count": 1}, {"day": "2026-01-31", "count": 2}],
        }

    def test_the_last_thirty_days_unless_told_otherwise(self, client_for, alice: User) -> None:
        did(alice)
        did(alice, at=timezone.now() - timedelta(days=31))
        data = client_for(alice).get(f"{URL}/stats").json()["data"]
        assert (data["total"], len(data["by_day"])) == (1, 30)
        assert data["by_day"][-1] == {"day": timezone.now().date().isoformat(), "count": 1}

    @pytest.mark.parametrize(
        "query",
        [
            "first_day=2026-02-01&last_day=2026-01-31",
            "first_day=2025-01-30&last_day=2026-01-31",
            "first_day=2999-01-01",
            "first_day=gestern",
            "days=7",
        ],
    )
    def test_ranges_that_are_refused(self, client_for, alice: User, query: str) -> None:
        assert client_for(alice).get(f"{URL}/stats?{query}").status_code == 422

    @pytest.mark.parametrize(
        ("query", "days"),
        [
            ("first_day=2025-01-31&last_day=2026-01-31", 366),
            ("last_day=0001-01-01", 1),
            ("last_day=9999-12-31", 30),
        ],
    )
    def test_ranges_at_the_edge(self, client_for, alice: User, query: str, days: int) -> None:
        answer = client_for(alice).get(f"{URL}/stats?{query}")
        assert (answer.status_code, len(answer.json()["data"]["by_day"])) == (200, days)

    def test_one_query_whatever_the_range(self, client_for, alice: User) -> None:
        for day in range(20):
            did(alice, at=timezone.now() - timedelta(days=day))
        client = client_for(alice)
        client.get(f"{URL}/stats")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{URL}/stats").json()["data"]["total"] == 20
        assert len(queries) == 1


class TestClear:
    @pytest.fixture(autouse=True)
    def _rows(self, alice: User, bob: User) -> None:
        did(bob)
        did(alice, at=NOW)
        did(alice, Action.CREATE_API_KEY, at=NOW + timedelta(days=1), object_type="api_key")
        did(alice, Action.CREATE_API_KEY, at=NOW + timedelta(days=2), object_type="api_key")

    @pytest.mark.parametrize(
        ("query", "deleted"),
        [
            ("?all=true", 3),
            ("?all=true&action=login", 1),
            ("?action=login", 1),
            ("?object_type=api_key", 2),
            ("?created_before=2026-02-01T08:00:00Z", 1),
            ("?created_from=2026-02-01T08:00:00Z&created_before=2026-02-02T08:00:00Z", 1),
            ("?action=create_api_key&object_type=user", 0),
        ],
    )
    def test_what_is_named_goes(self, client_for, alice: User, bob: User, query: str, deleted: int) -> None:
        answer = client_for(alice).delete(f"{URL}{query}")
        assert (answer.status_code, answer.json()["data"]) == (200, {"deleted": deleted})
        left = actions_of(alice)
        assert (len(left), left[-1]) == (4 - deleted, "clear_activities")
        assert actions_of(bob) == ["login"]

    def test_a_record_of_it_stays(self, client_for, alice: User) -> None:
        client_for(alice).delete(f"{URL}?action=create_api_key&created_from=2026-02-01T00:00:00Z")
        details = Activity.objects.get(action="clear_activities").details
        assert details == {"action": "create_api_key", "from": "2026-02-01 00:00:00+00:00", "deleted": 2}

    @pytest.mark.parametrize("query", ["", "?all=false", "?everything=1", "?action=eat", "?page=1"])
    def test_what_it_doesnt_understand_deletes_nothing(self, client_for, alice: User, query: str) -> None:
        assert client_for(alice).delete(f"{URL}{query}").status_code == 422
        assert len(actions_of(alice)) == 3

    def test_many_go_in_pieces_and_are_counted_once(
        self, client_for, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(activities, "CHUNK", 2)
        for _ in range(6):
            did(alice)
        assert client_for(alice).delete(f"{URL}?all=true").json()["data"] == {"deleted": 9}
        assert actions_of(alice) == ["clear_activities"]
        assert Activity.objects.get(owner=alice).details == {"deleted": 9}


def test_old_ones_expire(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activities, "CHUNK", 2)
    old = timezone.now() - timedelta(days=settings.ACTIVITY_RETENTION_DAYS)
    keys = [uuid7_floor(old - timedelta(minutes=n)) for n in range(1, 6)]
    for key in keys:
        did(alice, id=key)
    kept = did(alice, id=uuid7_floor(old + timedelta(minutes=1)))

    assert activities.activities_expire() == 5
    assert list(Activity.objects.all()) == [kept]
