"""The factory from a shell: import_projects, init_catalogue, generate_templates."""

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from generation.jobs import runner, transitions
from generation.models import Job, ProviderCall
from generation.providers.base import CONTENT_REFUSED, ProviderError
from templates.models import Category, ContentTemplate, Document, Project, TemplateBatch
from templates.services.batches import batch_cancel, batch_pause
from templates.services.catalogue import catalogue_init
from templates.services.sources import content_template_update, project_update
from tests.templates import writer
from tests.templates.factories import batch_of, documents_of, generate, project_of, run_items

pytestmark = pytest.mark.django_db

Library = list[ContentTemplate]


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Items run in the test's own thread, which alone sees the test's transaction; test_factory.py has the threads."""

    def drain(parent_id: Any, *, threads: int, watch: Callable[[], None]) -> None:
        assert threads >= 1
        runner.run(parent_id, publish=False)
        watch()
        while True:
            Job.objects.filter(parent_id=parent_id, status="queued").update(not_before="2026-01-01T00:00Z")
            if not runner.run_next_child(parent_id):
                break
            watch()

    monkeypatch.setattr("templates.management.commands.generate_templates.runner.drain", drain)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "文档"


Run = Callable[..., str]


@pytest.fixture
def run(alice: User, folder: Path) -> Run:
    """`generate_templates` for alice; returns what it said."""

    def command(*arguments: str) -> str:
        said = StringIO()
        try:
            call_command(
                "generate_templates", "--owner", "alice", "--out", str(folder), *arguments, stdout=said
            )
        finally:
            command.said = said.getvalue()  # type: ignore[attr-defined]
        return said.getvalue()

    return command


def table(said: str) -> dict[str, str]:
    """The closing table as a mapping."""
    rows = [
        re.split(r"\s*[│┃]\s*", line.strip(" │┃"))
        for line in said.splitlines()
        if line.startswith(("│", "┃"))
    ]
    assert len(rows) == 2, said
    return dict(zip(*rows, strict=True))


class TestImport:
    def imported(self, path: Path, owner: str = "alice", encoding: str = "") -> str:
        said = StringIO()
        call_command("import_projects", str(path), "--owner", owner, "--encoding", encoding, stdout=said)
        return said.getvalue()

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
    def test_files_as_people_save_them(self, alice: User, tmp_path: Path, encoding: str) -> None:
        path = tmp_path / "项目.csv"
        path.write_bytes(
            "名称,英文名称,描述\r\n云上茶馆,Cloud Tea House,为社区茶馆提供预约\r\n".encode(encoding)
        )
        assert "1 created, 0 updated, 0 unchanged" in self.imported(path)
        project = Project.objects.get()
        assert (project.name_zh, project.code, project.owner) == ("云上茶馆", "cloud-tea-house", alice)
        assert "0 created, 0 updated, 1 unchanged" in self.imported(path, "ALICE@example.com")
        path.write_bytes("名称,英文名称,描述\n云上茶馆,Cloud Tea House,改了\n".encode(encoding))
        assert "0 created, 1 updated, 0 unchanged" in self.imported(path)

    def test_an_encoding_that_is_not_recognized_is_named_and_can_be_chosen(
        self, alice: User, tmp_path: Path
    ) -> None:
        path = tmp_path / "Müller.csv"
        path.write_bytes("name_en\nMüller Tools\n".encode("cp1252"))
        with pytest.raises(CommandError, match="windows-1252"):
            self.imported(path)
        assert "1 created" in self.imported(path, encoding="windows-1252")
        assert Project.objects.get().name_en == "Müller Tools"

    def test_the_sample_that_comes_with_the_product(self, alice: User) -> None:
        assert "3 created" in self.imported(Path("examples/projects.csv"))

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("name_zh,name_en\n茶馆,Tea\n书架,Books,more\n", ("Line 3", "第 3 行")),
            ("name_zh,website\n茶馆,https://a.example\n书架,javascript:1\n", ("Line 3", "第 3 行")),
            ('name_zh\n茶馆\n"=HYPERLINK(""http://evil"")"\n', ("Line 3", "第 3 行")),
            ('name_zh\n"茶\n馆"\n"没有结束\n', ("Line 4", "第 4 行")),
            ("name_en\nTea House\ntea-house\n", ("Line 3", "第 3 行")),
            ("编号,颜色\na,红\n", ("颜色",)),
            ("", ("empty", "空")),
        ],
        ids=[
            "too many cells",
            "bad address",
            "formula",
            "open quote",
            "same code",
            "unknown column",
            "empty",
        ],
    )
    def test_one_broken_line_imports_nothing_and_is_named_in_both_languages(
        self, alice: User, tmp_path: Path, content: str, words: tuple[str, ...]
    ) -> None:
        path = tmp_path / "坏.csv"
        path.write_text(content, encoding="utf-8")
        with pytest.raises(CommandError) as caught:
            self.imported(path)
        for word in words:
            assert word in str(caught.value)
        assert caught.value.returncode == 1
        assert not Project.objects.exists()

    def test_unknown_people_and_files(self, alice: User, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="no user 'nobody'"):
            self.imported(Path("examples/projects.csv"), "nobody")
        with pytest.raises(CommandError, match="can't be read: No such file"):
            self.imported(tmp_path / "缺失.csv")
        with pytest.raises(CommandError, match="required: --owner"):
            call_command("import_projects", "examples/projects.csv")


class TestCatalogue:
    def init(self, **options: Any) -> str:
        said = StringIO()
        call_command("init_catalogue", stdout=said, **options)
        return said.getvalue()

    def test_is_added_once_and_keeps_what_staff_changed(self) -> None:
        assert re.search(r"1\d templates added, 0 reset, 0 unchanged, in 4 categories", self.init())
        count = ContentTemplate.objects.count()
        assert count >= 12
        assert "0 templates added, 0 reset" in self.init()
        template = ContentTemplate.objects.order_by("code")[0]
        original = template.prompt_zh
        content_template_update(template=template, prompt_zh="我们自己的写法。")
        Category.objects.update(is_shown=False)
        self.init()
        template.refresh_from_db()
        assert template.prompt_zh == "我们自己的写法。"
        assert "0 templates added, 1 reset" in self.init(overwrite=True)
        template.refresh_from_db()
        assert template.prompt_zh == original
        assert not Category.objects.filter(is_shown=True).exists()
        assert ContentTemplate.objects.count() == count

    def test_every_template_can_be_written_and_translated(self, alice: User) -> None:
        catalogue_init()
        project_of(alice)
        generate(alice)
        natives = documents_of(alice)
        assert len(natives) >= 24
        assert len({document.latest.content for document in natives.values() if document.latest}) == len(
            natives
        )
        for document in natives.values():
            assert document.latest is not None
            assert re.search(r"^## ", document.latest.content, re.M)
            assert re.search(r"^\|.*\|$", document.latest.content, re.M)
            assert re.search(r"^(?:[-*]|\d+\.) ", document.latest.content, re.M)


class TestGenerate:
    def test_the_first_run_makes_everything_and_the_second_nothing(
        self, run: Run, alice: User, tea: Project, library: Library, folder: Path, paid: Any
    ) -> None:
        first = table(run())
        assert {name: first[name] for name in ("generated", "skipped", "failed", "tokens", "cost (USD)")} == {
            "generated": "4",
            "skipped": "0",
            "failed": "0",
            "tokens": "6,000",
            "cost (USD)": f"{4 * writer.CALL_MICROS / 1_000_000:.4f}",
        }
        assert float(first["seconds"]) >= 0
        versions = [d.latest for d in documents_of(alice).values()]
        assert sum(v.cost_micros for v in versions if v) == 4 * writer.CALL_MICROS
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
        assert len(names) == 8
        assert "tea-house/zh/产品 00 产品简介.md" in names
        assert "tea-house/en/Launch 00 Launch plan.html" in names
        second = run()
        assert (table(second)["generated"], table(second)["skipped"]) == ("0", "4")
        assert f"4 documents, as Markdown and HTML, lie in {folder}" in second.replace("\n", " ")
        assert len(writer.said) == 4

    def test_stale_documents_are_named_and_only_stale_makes_exactly_those(
        self, run: Run, alice: User, tea: Project, library: Library
    ) -> None:
        assert "are stale" not in run()
        project_update(project=tea, description_zh="改成社区书店的说明。")
        said = run()
        assert "2 documents are stale" in said
        assert "tea-house · brief · zh" in said
        assert "tea-house · plan · zh" in said
        assert "--only-stale" in said
        assert table(said)["generated"] == "0"
        again = run("--only-stale")
        assert (table(again)["generated"], "are stale" in again) == ("2", False)
        assert {cell[2] for cell, d in documents_of(alice).items() if d.version == 2} == {"zh"}

    def test_a_dry_run_counts_and_writes_nothing(
        self, run: Run, alice: User, tea: Project, library: Library, folder: Path, paid: Any
    ) -> None:
        generate(alice, limit=1)
        said = run("--dry-run")
        assert "Would generate 3 of 4 documents (skipped: 1 fresh) by deepseek deepseek-chat for 0.00" in said
        assert "USD" in said
        assert (TemplateBatch.objects.count(), folder.exists()) == (1, False)
        assert "by sandbox sandbox for 0.0000 to 0.0000 USD" in run("--dry-run", "--demo-mode")

    def test_choices(self, run: Run, alice: User, tea: Project, library: Library, paid: Any) -> None:
        assert table(run("--limit", "1"))["generated"] == "1"
        assert table(run("--languages", "en", "--category", "launch"))["generated"] == "1"
        assert table(run("--all", "--template", "brief", "--languages", "zh"))["generated"] == "1"
        assert {cell: d.version for cell, d in documents_of(alice).items()} == {
            ("tea-house", "brief", "zh"): 2,
            ("tea-house", "plan", "en"): 1,
        }
        bought = len(writer.said)
        run("--demo-mode", "--translated")
        assert len(writer.said) == bought
        assert len(documents_of(alice)) == 4
        assert documents_of(alice)["tea-house", "brief", "en"].source_language == "zh"

    def test_failures_are_named_and_end_with_an_error(
        self, run: Run, tea: Project, library: Library, folder: Path, paid: Any
    ) -> None:
        refused = ProviderError(CONTENT_REFUSED, "no", retryable=False, charged=False)
        writer.says(lambda request: refused if request.context["template"]["code"] == "plan" else None)
        with pytest.raises(CommandError, match="2 documents failed. Retry: POST") as caught:
            run()
        assert caught.value.returncode == 1
        said = run.said  # type: ignore[attr-defined]
        assert (table(said)["generated"], table(said)["failed"]) == ("2", "2")
        assert "failed with PROVIDER_CONTENT_REFUSED: 2" in said
        assert len(list(folder.rglob("*.md"))) == 2, "what was written is there"

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--languages", "zh,fr"), "takes zh and en"),
            (("--languages", ""), "takes zh and en"),
            (("--languages", "zh,zh"), "each once"),
            (("--limit", "0"), "--limit must be at least 1"),
            (("--limit", "many"), "invalid int value"),
            (("--concurrency", "1000"), "--concurrency takes 1 to 100"),
            (("--concurrency", "-1"), "--concurrency takes 1 to 100"),
            (("--category", "消失"), "CATEGORY_UNKNOWN"),
            (("--template", "nope"), "没有代码为 nope 的可用模板"),
            (("--all", "--only-stale"), "not allowed with"),
            (("--resume", "x"), "invalid UUID value"),
            (("--resume", str(uuid4())), "There is no batch"),
            (("--resume", str(uuid4()), "--dry-run"), "--dry-run"),
            (("--owner", "nobody"), "no user 'nobody'"),
        ],
    )
    def test_bad_options_are_refused(
        self, run: Run, tea: Project, library: Library, arguments: tuple[str, ...], words: str
    ) -> None:
        with pytest.raises(CommandError, match=re.escape(words)):
            run(*arguments)
        assert not TemplateBatch.objects.exists()

    def test_nothing_to_write_about_says_so(self, run: Run, library: Library) -> None:
        with pytest.raises(CommandError, match="0 items"):
            run()


class TestGoOn:
    def test_a_paused_batch_by_its_id(self, run: Run, alice: User, tea: Project, library: Library) -> None:
        batch = batch_of(alice)
        run_items(batch, most=1)
        batch_pause(batch=TemplateBatch.objects.get(pk=batch.pk))
        said = run("--resume", str(batch.pk))
        assert table(said)["generated"] == "4"
        assert TemplateBatch.objects.count() == 1
        with pytest.raises(CommandError, match="BATCH_WRONG_STATE"):
            run("--resume", str(batch.pk))

    def test_another_owner_s_batch_doesnt_exist(self, run: Run, bob: User, library: Library) -> None:
        project_of(bob)
        batch = batch_of(bob)
        with pytest.raises(CommandError, match="There is no batch"):
            run("--resume", str(batch.pk))

    @pytest.mark.parametrize("is_paused", [True, False])
    def test_the_same_command_goes_on_with_what_was_interrupted(
        self, run: Run, alice: User, tea: Project, library: Library, paid: Any, enqueued: Any, is_paused: bool
    ) -> None:
        batch = batch_of(alice)
        run_items(batch, most=1)
        if is_paused:
            batch_pause(batch=TemplateBatch.objects.get(pk=batch.pk))
        said = run("--concurrency", "3")
        assert f"Going on with batch {batch.pk}" in said.replace("\n", " ")
        assert table(said)["generated"] == "4"
        assert len(writer.said) == 4
        assert TemplateBatch.objects.count() == 1
        assert enqueued == [], "nobody but this process is told"

    def test_another_command_leaves_it_alone_and_says_so(
        self, run: Run, alice: User, tea: Project, library: Library, paid: Any
    ) -> None:
        batch = batch_of(alice, languages=("zh",))
        said = run()
        assert (table(said)["generated"], table(said)["skipped"]) == ("2", "2")
        assert "2 documents are left to unfinished batches" in said
        assert f"--resume {batch.pk}" in said
        assert len(writer.said) == 2

    def test_a_cancelled_one_is_not_gone_on_with(
        self, run: Run, alice: User, tea: Project, library: Library
    ) -> None:
        batch_cancel(batch=batch_of(alice))
        assert table(run())["generated"] == "4"
        assert TemplateBatch.objects.count() == 2

    def test_what_another_process_holds_is_told(
        self, run: Run, alice: User, tea: Project, library: Library
    ) -> None:
        from datetime import timedelta

        batch = batch_of(alice)
        assert transitions.claim_next_child(batch.job_id, worker="dead", lease=timedelta(minutes=1))
        with pytest.raises(CommandError, match="Go on with: manage.py generate_templates --resume") as caught:
            run()
        assert caught.value.returncode == 130
        assert "1 documents are in the hands of another process" in run.said  # type: ignore[attr-defined]
        assert Document.objects.count() == 3
        assert ProviderCall.objects.count() == 3
