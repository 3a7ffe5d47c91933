"""Staff edit the sources of documents through the services, so that what they change makes documents stale."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from accounts.models import Activity, AuditEntry, User
from templates.admin.batches import SKIP_WORDS
from templates.domain.grid import DocumentState
from templates.models import (
    BatchItem,
    Category,
    ContentTemplate,
    Document,
    DocumentVersion,
    Project,
    TemplateBatch,
)
from templates.services.batches import batch_cancel, batch_create
from templates.services.plans import BatchOptions
from templates.services.sources import content_template_create, project_create
from tests.support.forms import fields_of
from tests.support.speaking import speak

PRINT = {"source_language": "zh", "provider": "sandbox"}


@pytest.fixture
def back_office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def template(db: None) -> ContentTemplate:
    Category.objects.create(code="product", name_zh="产品", name_en="Product")
    return content_template_create(
        owner_id=None, category_code="product", code="brief", name_zh="简介", name_en="Brief",
        prompt_zh="写 {{project_name}}", prompt_en="Write {{project_name}}",
    )  # fmt: skip


@pytest.fixture
def project(alice: User) -> Project:
    return project_create(owner_id=alice.pk, code="tea", name_zh="云上茶馆", name_en="Cloud Tea House")


@pytest.fixture
def document(template: ContentTemplate, project: Project) -> Document:
    prints = {
        "project_fingerprint": project.fingerprint_zh,
        "template_fingerprint": template.fingerprint_zh,
        **PRINT,
    }
    made = Document.objects.create(
        owner=project.owner,
        project=project,
        content_template=template,
        language="zh",
        title="云上茶馆：简介",
        **prints,
    )
    text = "# 云上茶馆\n\n| 项 | 值 |\n|---|---|\n| 茶 | 好 |\n\n<script>alert(1)</script><img src=x onerror=alert(2)>"
    made.latest = DocumentVersion.objects.create(
        document=made, number=1, title=made.title, content=text, **prints
    )
    made.save()
    return made


def change_url(row: Any, page: str = "change") -> str:
    return reverse(f"admin:templates_{row._meta.model_name}_{page}", args=[row.pk])


def template_form(template: ContentTemplate, **changes: Any) -> dict[str, Any]:
    names = (
        "code",
        "name_zh",
        "name_en",
        "description_zh",
        "description_en",
        "prompt_zh",
        "prompt_en",
        "order",
    )
    form = {name: getattr(template, name) for name in names}
    return {**form, "category": template.category_id, "is_active": "on", **changes}


def is_stale(document: Document) -> bool:
    return Document.objects.stale().filter(pk=document.pk).exists()


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


class TestSources:
    def test_a_changed_prompt_makes_documents_stale(
        self, back_office: Client, template: ContentTemplate, document: Document
    ) -> None:
        assert not is_stale(document)
        answer = back_office.post(
            change_url(template), template_form(template, prompt_zh="改写 {{project_name}}")
        )
        assert answer.status_code == 302
        assert is_stale(document)

    def test_a_changed_project_makes_documents_stale(
        self, back_office: Client, project: Project, document: Document
    ) -> None:
        form = {
            "code": "tea",
            "name_zh": "云上茶馆",
            "name_en": "Cloud Tea House",
            "description_zh": "新的介绍",
        }
        assert back_office.post(change_url(project), form).status_code == 302
        assert is_stale(document)

    def test_a_new_template_gets_its_fingerprints(
        self, back_office: Client, template: ContentTemplate
    ) -> None:
        form = template_form(template, code="plan", name_zh="计划 📋")
        answer = back_office.post(reverse("admin:templates_contenttemplate_add"), form)
        made = ContentTemplate.objects.get(code="plan")
        assert answer.status_code == 302
        assert made.owner is None
        assert len(made.fingerprint_zh) == 64

    def test_a_new_project_belongs_to_whom_staff_choose(self, back_office: Client, alice: User) -> None:
        form = {"owner": alice.pk, "code": "log", "name_zh": "北辰物流", "website": "example.com"}
        back_office.post(reverse("admin:templates_project_add"), form)
        made = Project.objects.get(code="log")
        assert (made.owner, made.website, len(made.fingerprint_en)) == (alice, "https://example.com", 64)

    def test_a_bad_placeholder_is_shown_at_its_field(
        self, back_office: Client, template: ContentTemplate
    ) -> None:
        form = template_form(template, prompt_zh="写\n{{project_nmae}}")
        answer = speak(back_office, "zh-CN").post(change_url(template), form)
        assert answer.status_code == 200
        (problem,) = answer.context["adminform"].form.errors["prompt_zh"]
        assert "第 2 行" in problem
        assert "project_nmae" in problem

    @pytest.mark.parametrize(("field", "value"), [("name_zh", ""), ("code", "taken")])
    def test_a_rule_of_the_database_is_shown_in_the_form(
        self, back_office: Client, project: Project, alice: User, field: str, value: str
    ) -> None:
        project_create(owner_id=alice.pk, code="taken", name_zh="另一个")
        form = {"code": "tea", "name_zh": "云上茶馆", "name_en": "", field: value}
        answer = back_office.post(change_url(project), form)
        assert answer.status_code == 200
        assert answer.context["adminform"].form.errors

    def test_a_template_with_documents_stays(
        self, back_office: Client, template: ContentTemplate, document: Document
    ) -> None:
        back_office.post(change_url(template, "delete"), {"post": "yes"})
        assert ContentTemplate.objects.filter(pk=template.pk).exists()

    def test_a_project_stays_while_a_batch_writes_about_it(
        self, back_office: Client, template: ContentTemplate, project: Project, alice: User
    ) -> None:
        batch_create(owner_id=alice.pk, options=BatchOptions(languages=("zh",)), publish=False)
        answer = back_office.post(change_url(project, "delete"), {"post": "yes"})
        assert answer.headers["Location"] == change_url(project).removesuffix("change/")
        assert Project.objects.filter(pk=project.pk).exists()
        assert said(answer)

    def test_selected_rows_are_deleted_by_the_service_all_or_none(
        self, back_office: Client, template: ContentTemplate, project: Project, alice: User
    ) -> None:
        other = project_create(owner_id=alice.pk, code="log", name_zh="北辰物流")
        batch_create(owner_id=alice.pk, options=BatchOptions(project_ids=(project.pk,)), publish=False)
        url = reverse("admin:templates_project_changelist")

        def delete(*rows: Project) -> str:
            keys = [str(row.pk) for row in rows]
            form = {"action": "delete_selected", "_selected_action": keys, "post": "yes"}
            return said(back_office.post(url, form))

        assert "batch" in delete(other, project)
        assert Project.objects.count() == 2
        delete(other)
        assert list(Project.objects.all()) == [project]

    def test_an_owner_is_not_changed_afterwards(
        self, back_office: Client, project: Project, bob: User
    ) -> None:
        form = {"owner": bob.pk, "code": "tea", "name_zh": "云上茶馆"}
        back_office.post(change_url(project), form)
        project.refresh_from_db()
        assert project.owner.username == "alice"


class TestDocuments:
    @pytest.mark.parametrize("kind", ["document", "version"])
    def test_are_read_as_they_will_be_seen_and_can_do_no_harm(
        self, back_office: Client, document: Document, kind: str
    ) -> None:
        assert document.latest is not None
        page = back_office.get(change_url(document if kind == "document" else document.latest)).text
        page = re.sub(r"<textarea.*?</textarea>", "", page, flags=re.DOTALL)  # where it is edited as it is
        assert "<td>茶</td>" in page
        assert "alert(1)" not in page
        assert "onerror" not in page

    @pytest.mark.parametrize(
        "payload",
        [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<svg/onload=alert(1)>",
            "[x](javascript:alert(1))",
            '<a href="jAvAscript&colon;alert(1)">x</a>',
            '<div x-data x-init="alert(1)" @click="alert(1)" hx-get="/admin/">x</div>',
            '<form action="//evil.example"><button>x</button></form>',
            '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
            "<style>@import '//evil.example'</style>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "</article></div><script>alert(1)</script>",
            "$\\text{<script>alert(1)</script>}$",
            "x[^1]\n\n[^1]: <script>alert(1)</script>",
            "---\na: <script>alert(1)</script>\n---\n",
            '```"><script>alert(1)</script>\nx\n```',
        ],
    )
    def test_nothing_in_a_text_runs(self, back_office: Client, document: Document, payload: str) -> None:
        assert document.latest is not None
        DocumentVersion.objects.filter(pk=document.latest_id).update(content=payload, title=payload)
        document.title = payload
        document.save()
        for row in (document, document.latest):
            listed = reverse(f"admin:templates_{row._meta.model_name}_changelist")
            for page in (back_office.get(change_url(row)), back_office.get(listed)):
                policy = page.headers["Content-Security-Policy"]
                assert "script-src 'self' 'unsafe-eval';" in policy
                assert "object-src 'none'" in policy
                assert not re.search(r"<script>alert|<iframe|<svg/|javascript&colon;", page.text)
                without_values = re.sub(r'="[^"]*"', "=", page.text)
                assert not re.search(r"<[^>]*\son\w+=", without_values)
            shown = back_office.get(change_url(row)).text
            article = shown[shown.find("<article") :].partition("</article>")[0]
            assert not re.search(
                r"<(?:script|style|form|iframe|svg|math)|x-data|x-init|hx-get|href=\"javascript:", article
            )

    def test_state_is_shown_and_filtered(
        self, back_office: Client, template: ContentTemplate, document: Document
    ) -> None:
        url = reverse("admin:templates_document_changelist")
        assert list(back_office.get(url, {"state": "fresh"}).context["cl"].result_list) == [document]
        back_office.post(change_url(template), template_form(template, prompt_zh="改"))
        assert list(back_office.get(url, {"state": "fresh"}).context["cl"].result_list) == []
        page = speak(back_office, "zh-CN").get(url, {"state": "stale"})
        assert list(page.context["cl"].result_list) == [document]
        assert "已过期" in page.text

    def test_a_changed_text_is_a_persons_new_version(self, back_office: Client, document: Document) -> None:
        sent = fields_of(back_office.get(change_url(document)).text, "document_form")
        back_office.post(change_url(document), {**sent, "content": "# 新标题\r\n\r\n人写的 🍵\r\n"})
        document.refresh_from_db()
        assert document.latest is not None
        assert (document.title, document.version, document.provider) == ("新标题", 2, "person")
        assert document.latest.content == "# 新标题\n\n人写的 🍵\n"
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.object_id, list(entry.changes)) == (
            "change",
            str(document.pk),
            ["content"],
        )
        assert not Activity.objects.filter(action="update_document").exists(), "its owner did nothing"

    @pytest.mark.parametrize(
        "wrong", [{"content": " \n "}, {"content": "茶" * 200_001}, {"title": "a\u202eb"}, {"title": ""}]
    )
    def test_what_is_wrong_is_said_and_changes_nothing(
        self, back_office: Client, document: Document, wrong: dict[str, str]
    ) -> None:
        sent = fields_of(back_office.get(change_url(document)).text, "document_form")
        answer = back_office.post(change_url(document), {**sent, **wrong})
        assert list(answer.context["adminform"].form.errors) == list(wrong)
        assert DocumentVersion.objects.count() == 1

    def test_who_may_only_look_sees_no_form(self, document: Document) -> None:
        clerk = User.objects.create_user("clerk", "clerk@example.com", is_staff=True)
        clerk.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
        client = Client()
        client.force_login(clerk)
        page = client.get(change_url(document))
        assert page.status_code == 200
        assert "<textarea" not in page.text
        assert client.post(change_url(document), {"title": "别的"}).status_code == 403
        assert client.post(change_url(document, "delete"), {"post": "yes"}).status_code == 403

    def test_is_deleted_with_its_versions_but_not_while_a_batch_writes_it(
        self, back_office: Client, document: Document, alice: User
    ) -> None:
        asked = BatchOptions(languages=("zh",), skip_existing=False)
        batch = batch_create(owner_id=alice.pk, options=asked, publish=False)
        assert "batch" in said(back_office.post(change_url(document, "delete"), {"post": "yes"}))
        assert Document.objects.filter(pk=document.pk).exists()
        batch_cancel(batch=batch)
        back_office.post(change_url(document, "delete"), {"post": "yes"})
        assert not DocumentVersion.objects.filter(document_id=document.pk).exists()
        assert AuditEntry.objects.filter(action="delete", object_id=str(document.pk)).count() == 1

    def test_goes_with_its_project(self, back_office: Client, document: Document, project: Project) -> None:
        back_office.post(change_url(project, "delete"), {"post": "yes"})
        assert not Document.objects.exists()


class TestBatches:
    @pytest.fixture
    def batch(self, template: ContentTemplate, project: Project, alice: User) -> TemplateBatch:
        return batch_create(owner_id=alice.pk, options=BatchOptions(), publish=False)

    def act(self, client: Client, action: str, *batches: TemplateBatch) -> str:
        url = reverse("admin:templates_templatebatch_changelist")
        return said(
            client.post(
                url,
                {"action": action, "_selected_action": [str(one.pk) for one in batches], "confirmed": "yes"},
            )
        )

    def test_are_paused_resumed_and_cancelled(self, back_office: Client, batch: TemplateBatch) -> None:
        assert "Done for 1 batch." in self.act(back_office, "pause", batch)
        batch.job.refresh_from_db()
        assert batch.job.paused_at is not None
        self.act(back_office, "resume", batch)
        batch.job.refresh_from_db()
        assert batch.job.paused_at is None
        self.act(back_office, "cancel", batch)
        assert set(BatchItem.objects.values_list("job__status", flat=True)) == {"cancelled"}
        assert "cancelled" in self.act(back_office, "retry", batch)

    @pytest.mark.parametrize("action", ["resume", "retry"])
    def test_what_costs_money_asks_first(
        self, back_office: Client, batch: TemplateBatch, action: str
    ) -> None:
        self.act(back_office, "pause", batch)
        url = reverse("admin:templates_templatebatch_changelist")
        asked = back_office.post(url, {"action": action, "_selected_action": [str(batch.pk)]})
        assert asked.status_code == 200
        assert f'value="{batch.pk}"' in asked.text
        batch.job.refresh_from_db()
        assert batch.job.paused_at is not None

    def test_counts_add_up(self, back_office: Client, batch: TemplateBatch) -> None:
        page = speak(back_office, "zh-CN").get(change_url(batch)).text
        assert "待处理 <b>2</b>" in page
        assert "失败 <b>0</b>" in page

    def test_items_are_found_by_their_batch_and_state(
        self, back_office: Client, batch: TemplateBatch
    ) -> None:
        url = reverse("admin:templates_batchitem_changelist")
        for status, number in (("pending", 2), ("failed", 0)):
            found = back_office.get(url, {"q": str(batch.pk), "status": status}).context["cl"].result_list
            assert len(found) == number

    def test_why_an_item_was_skipped_is_said_in_words(
        self, back_office: Client, batch: TemplateBatch
    ) -> None:
        assert set(SKIP_WORDS) == set(DocumentState)
        item = batch.items.earliest("position")
        BatchItem.objects.filter(pk=item.pk).update(skip_reason="better")
        assert "小型本地模型不会替换它" in speak(back_office, "zh-CN").get(change_url(item)).text
