"""Documents as files: complete, readable, harmless, and never all in memory."""

import asyncio
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from templates.models import ContentTemplate, Document, Project
from templates.services import exports
from tests.support.asgi_stream import open_stream
from tests.templates import writer
from tests.templates.factories import (
    batch_of,
    category_make,
    content_template_make,
    document_make,
    documents_of,
    finish,
    generate,
    project_make,
    project_of,
)

pytestmark = pytest.mark.django_db

URL = "/api/v1/templates/documents/export"
ClientFor = Callable[[User], APIClient]


@pytest.fixture
def client(client_for: ClientFor, alice: User) -> APIClient:
    return client_for(alice)


def archive(answer: Any) -> zipfile.ZipFile:
    assert answer.status_code == 200
    opened = zipfile.ZipFile(io.BytesIO(answer.getvalue()))
    assert opened.testzip() is None
    return opened


def lines(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.getvalue().splitlines()]


class TestZip:
    def test_holds_every_document_as_markdown_and_html(
        self, client: APIClient, alice: User, tea: Project, library: list[ContentTemplate]
    ) -> None:
        generate(alice)
        answer = client.get(URL)
        assert answer.headers["Content-Type"] == "application/zip"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="documents.zip"'
        opened = archive(answer)
        assert sorted(opened.namelist()) == sorted(
            f"tea-house/{language}/{name}.{extension}"
            for language, names in (
                ("zh", ("产品 00 产品简介", "上线 00 上线计划")),
                ("en", ("Product 00 Product brief", "Launch 00 Launch plan")),
            )
            for name in names
            for extension in ("md", "html")
        )
        for (_, template, language), document in documents_of(alice).items():
            name = {
                "brief": ("产品 00 产品简介", "Product 00 Product brief"),
                "plan": ("上线 00 上线计划", "Launch 00 Launch plan"),
            }[template]
            stem = f"tea-house/{language}/{name[language == 'en']}"
            assert document.latest is not None
            assert opened.read(f"{stem}.md").decode() == document.latest.content
            page = opened.read(f"{stem}.html").decode()
            assert page.startswith("<!DOCTYPE html>")
            assert f'<html lang="{"zh-CN" if language == "zh" else "en"}">' in page
            assert "@media print" in page
            assert document.title in page

    @pytest.mark.parametrize(("format_", "extensions"), [("markdown", {".md"}), ("html", {".html"})])
    def test_of_one_format(
        self,
        client: APIClient,
        alice: User,
        tea: Project,
        library: list[ContentTemplate],
        format_: str,
        extensions: set[str],
    ) -> None:
        generate(alice, limit=2)
        names = archive(client.get(f"{URL}?format={format_}")).namelist()
        assert {Path(name).suffix for name in names} == extensions
        assert len(names) == 2

    def test_names_never_leave_the_folder_nor_come_twice(self, client: APIClient, alice: User) -> None:
        project, category = project_make(alice, code="p"), category_make(name_zh="类")
        for name in (
            "../../etc/passwd",
            "..",
            "/绝对/路径",
            "C:\\winnt",
            "相同 🍵",
            "相同 🍵",
            "A" * 200,
            "茶" * 200,
        ):
            template = content_template_make(name_zh=name, order=7, category=category)
            document_make(alice, project=project, content_template=template, title="../../标题")
        names = archive(client.get(f"{URL}?format=markdown")).namelist()
        assert len(names) == len({name.casefold() for name in names}) == 8
        for name in names:
            parts = name.split("/")
            assert parts[:2] == ["p", "zh"]
            assert len(parts) == 3
            assert not parts[2].startswith(".")
            assert not re.search(r'[\\:*?"<>|\x00-\x1f]', name)
            assert len(parts[2].encode()) <= 255
        assert {"p/zh/类 07 相同 🍵.md", "p/zh/类 07 相同 🍵 (2).md"} <= set(names)

    @pytest.mark.parametrize("code", ["con", "NUL", "aux", "com1", "_con"])
    def test_no_folder_is_a_device_of_windows(self, client: APIClient, alice: User, code: str) -> None:
        category = category_make(name_zh="CON")
        for each in (code, "_con" if code != "_con" else "con"):
            template = content_template_make(name_zh="nul", category=category)
            document_make(alice, project=project_make(alice, code=each), content_template=template)
        names = archive(client.get(f"{URL}?format=markdown")).namelist()
        folders = {name.split("/")[0].casefold() for name in names}
        assert len(folders) == 2
        assert not folders & {"con", "nul", "aux", "com1"}

    @pytest.mark.parametrize("format_", ["zip", "markdown", "html", "jsonl"])
    def test_texts_like_formulas_stay_texts(self, client: APIClient, alice: User, format_: str) -> None:
        """No export is a table that a spreadsheet would run: names begin with words, cells are JSON or HTML."""
        formula = '=HYPERLINK("http://evil.example")'
        project = project_make(alice, code="p", name_zh=formula)
        template = content_template_make(name_zh=formula)
        document_make(alice, project=project, content_template=template, title=formula)
        answer = client.get(f"{URL}?format={format_}")
        if format_ == "jsonl":
            (line,) = b"".join(answer.streaming_content).splitlines()
            assert json.loads(line)["title"] == formula
            return
        for name in archive(answer).namelist():
            assert not any(part.startswith(("=", "+", "-", "@")) for part in name.split("/"))

    def test_a_document_that_comes_meanwhile_takes_nobody_s_name(
        self, alice: User, tea: Project, library: list[ContentTemplate], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        generate(alice, languages=("zh",), template_codes=("plan",))
        stems = exports._stems

        def meanwhile(documents: Any) -> Any:
            settled = stems(documents)
            generate(alice, languages=("zh",))
            return settled

        monkeypatch.setattr(exports, "_stems", meanwhile)
        documents = exports.documents_to_export(owner_id=alice.pk, format="zip")
        with zipfile.ZipFile(io.BytesIO(b"".join(exports.export_zip(documents, formats=("md",))))) as opened:
            assert opened.namelist() == ["tea-house/zh/上线 00 上线计划.md"]
            assert "上线计划" in opened.read(opened.namelist()[0]).decode()


EVIL = """# 标题 <script>alert(1)</script>

正文 <img src=x onerror="alert(2)"> 与 <svg onload=alert(3)><a href="javascript:alert(4)">点</a>

[点我](javascript:alert(5)) [数据](data:text/html;base64,PHNjcmlwdD4=) ![图](javascript:alert(6))

<iframe src="https://evil.example"></iframe><form action="https://evil.example"><input name="密码"></form>

<style>body{display:none}</style><base href="https://evil.example/">
<meta http-equiv="refresh" content="0;url=//evil.example">

[好链接](https://good.example/茶)
"""


def harmless(page: str) -> None:
    body = page.partition("<main>")[2]
    assert "<script" not in page.casefold()
    for tag in (
        "<script",
        "<iframe",
        "<form",
        "<input",
        "<svg",
        "<base",
        "<meta",
        "<style",
        "<object",
        "<embed",
    ):
        assert tag not in body.casefold(), tag
    assert not re.search(r"<[^>]*\son\w+\s*=", page, re.IGNORECASE)
    assert not re.search(r"""(?:href|src)\s*=\s*["']?\s*(?:javascript|data|vbscript):""", body, re.IGNORECASE)
    assert "default-src 'none'" in page


class TestHtml:
    def test_of_one_document_is_a_page(
        self, client: APIClient, alice: User, tea: Project, library: list[ContentTemplate]
    ) -> None:
        generate(alice, limit=1)
        document = Document.objects.get()
        answer = client.get(f"{URL}?format=html&document_id={document.pk}")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        page = answer.content.decode()
        assert document.title in page
        assert "云上茶馆" in page
        assert "沙盒" in page, "a demonstration says that it is one"

    def test_what_a_model_writes_can_do_no_harm(
        self, client: APIClient, alice: User, library: list[ContentTemplate], paid: Any
    ) -> None:
        project_of(
            alice,
            code="evil",
            name_zh='茶<script>alert(7)</script>"',
            name_en="</title><script>alert(8)</script>",
        )
        writer.says(lambda request: EVIL)
        assert finish(batch_of(alice, languages=("zh",), template_codes=("brief",))) == {"succeeded": 1}
        document = Document.objects.get()
        page = client.get(f"{URL}?format=html&document_id={document.pk}").content.decode()
        harmless(page)
        assert 'href="https://good.example/' in page
        opened = archive(client.get(URL))
        for name in opened.namelist():
            if name.endswith(".html"):
                harmless(opened.read(name).decode())
            else:
                assert opened.read(name).decode() == EVIL.strip()


class TestJsonLines:
    def test_each_line_is_a_document_in_readable_chinese(
        self, client: APIClient, alice: User, tea: Project, library: list[ContentTemplate]
    ) -> None:
        generate(alice)
        answer = client.get(f"{URL}?format=jsonl")
        assert answer.headers["Content-Type"] == "application/x-ndjson; charset=utf-8"
        raw = answer.getvalue()
        assert "云上茶馆".encode() in raw
        assert b"\\u" not in raw
        rows = [json.loads(line) for line in raw.splitlines()]
        documents = {str(d.pk): d for d in documents_of(alice).values()}
        assert {row["id"] for row in rows} == set(documents)
        for row in rows:
            document = documents[row["id"]]
            assert document.latest is not None
            assert row["content"] == document.latest.content
            assert row["project"] == {
                "code": "tea-house",
                "name_zh": "云上茶馆",
                "name_en": "Cloud Tea House",
            }
            assert (row["language"], row["version"], row["title"]) == (document.language, 1, document.title)


class TestChoice:
    def test_filters(
        self, client: APIClient, alice: User, tea: Project, library: list[ContentTemplate]
    ) -> None:
        other = project_of(alice, code="library")
        generate(alice)

        def chosen(query: str) -> set[tuple[str, str, str]]:
            rows = lines(client.get(f"{URL}?format=jsonl&{query}"))
            return {
                (row["project"]["code"], row["content_template"]["code"], row["language"]) for row in rows
            }

        assert chosen(f"project_id={other.pk}&language=en") == {
            ("library", "brief", "en"),
            ("library", "plan", "en"),
        }
        assert chosen(f"category_code=launch&language=zh&project_id={tea.pk}") == {
            ("tea-house", "plan", "zh")
        }
        one = Document.objects.filter(language="zh").first()
        assert one is not None
        assert len(chosen(f"document_id={one.pk}")) == 1

    @pytest.mark.parametrize(
        ("query", "field", "code"),
        [("formta=zip", "formta", "unknown_parameter"), ("format=zip&format=html", "format", "repeated")],
    )
    def test_a_query_is_read_as_those_of_lists_are(
        self, client: APIClient, query: str, field: str, code: str
    ) -> None:
        answer = client.get(f"{URL}?{query}")
        assert answer.status_code == 422
        told = answer.json()["data"]["details"]["fields"]
        assert (field, code) in [(one["field"], one["code"]) for one in told]

    @pytest.mark.parametrize("format_", ["zip", "jsonl", "html", "markdown"])
    def test_nothing_to_export_is_a_404(self, client: APIClient, bob: User, format_: str) -> None:
        theirs = document_make(bob)
        for query in ("", f"&document_id={theirs.pk}", f"&project_id={theirs.project_id}"):
            answer = client.get(f"{URL}?format={format_}{query}", headers={"Accept-Language": "zh"})
            assert answer.status_code == 404
            assert answer.json()["data"]["code"] == "EXPORT_EMPTY"
            assert "没有" in answer.json()["data"]["message"]

    def test_too_much_is_refused_before_anything_is_sent(
        self, client: APIClient, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exports, "EXPORT_LIMIT", 1)
        project = project_make(alice)
        for _ in range(2):
            document_make(alice, project=project)
        answer = client.get(URL)
        assert answer.status_code == 422
        assert answer.json()["data"]["details"] == {"total": 2, "limit": 1}


class TestStreams:
    @pytest.fixture
    def many(self, alice: User) -> int:
        project, category = project_make(alice), category_make()
        for _ in range(exports.CHUNK * 2 + 1):
            document_make(alice, project=project, content_template=content_template_make(category=category))
        return exports.CHUNK * 2 + 1

    @pytest.mark.parametrize("format_", ["zip", "jsonl"])
    def test_documents_are_read_in_pieces_by_few_queries(
        self, client: APIClient, many: int, format_: str
    ) -> None:
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(f"{URL}?format={format_}")
            assert isinstance(answer, StreamingHttpResponse)
            pieces = list(answer.streaming_content)
        assert len(queries) <= 5  # the account, a count, the activity, the documents in two pieces
        assert len(pieces) >= many

    def test_the_first_piece_comes_before_the_last_document_is_read(
        self, alice: User, many: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read: list[int] = []
        files = exports._files
        monkeypatch.setattr(exports, "_files", lambda *args: (read.append(1), files(*args))[1])
        chunks = exports.export_zip(exports.documents_to_export(owner_id=alice.pk, format="zip"))
        assert next(chunks)
        assert len(read) == 1
        assert len(list(chunks)) == many

    @pytest.mark.django_db(transaction=True)
    def test_under_asgi_too(self, client: APIClient, alice: User, many: int) -> None:
        token = client._credentials["HTTP_AUTHORIZATION"].removeprefix("Bearer ")

        async def download() -> tuple[int, bytes]:
            async with open_stream(f"{URL}?format=jsonl", token, accept="*/*") as stream:
                pieces = 0
                while not stream.is_complete:
                    await stream.read()
                    pieces += 1
                return pieces, stream.raw

        pieces, raw = asyncio.run(download())
        assert pieces >= many
        assert len(raw.splitlines()) == many


class TestFolder:
    def test_a_new_version_takes_the_place_of_the_old_one(
        self, alice: User, tea: Project, library: list[ContentTemplate], paid: Any, tmp_path: Path
    ) -> None:
        for text in ("# 第一版\n\n正文。", "# 改了标题的第二版\n\n新的正文。"):
            writer.says(lambda request, text=text: text)  # type: ignore[misc]
            generate(alice, languages=("zh",), template_codes=("brief",), skip_existing=False)
            documents = exports.ready_to_export(Document.objects.owned_by(alice.pk))
            assert exports.export_folder(documents, tmp_path / "文档") == 1
        files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
        assert [path.relative_to(tmp_path).as_posix() for path in files] == [
            "文档/tea-house/zh/产品 00 产品简介.html",
            "文档/tea-house/zh/产品 00 产品简介.md",
        ]
        assert files[1].read_text("utf-8") == "# 改了标题的第二版\n\n新的正文。"
