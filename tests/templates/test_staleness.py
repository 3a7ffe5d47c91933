"""A document is stale exactly when a text that it was made from has changed."""

from typing import Any

import pytest

from accounts.models import User
from templates.models import ContentTemplate, Document, Project
from templates.services.sources import content_template_update, project_update, projects_import
from tests.templates.factories import (
    batch_of,
    documents_of,
    finish,
    generate,
    project_of,
    run_items,
    stale_cells,
    template_of,
)

pytestmark = pytest.mark.django_db

URL = "/api/v1/templates/documents"


@pytest.fixture
def made(alice: User, tea: Project, library: list[ContentTemplate]) -> Project:
    """Two projects, two templates, two languages: eight fresh documents."""
    project_of(alice, code="library", name_zh="邻里书架", name_en="Shelf by Shelf")
    generate(alice)
    assert len(documents_of(alice)) == 8
    assert stale_cells(alice) == set()
    return tea


@pytest.mark.parametrize(
    ("change", "languages"),
    [
        ({"description_zh": "改成图书馆的借阅平台。📚"}, ["zh"]),
        ({"description_en": "A lending platform for libraries."}, ["en"]),
        ({"name_zh": "云上书馆"}, ["zh"]),
        ({"name_en": "Cloud Library"}, ["en"]),
        ({"website": "https://library.example.com"}, ["zh", "en"]),
        ({"code": "tea-house-2"}, []),
        ({"description_zh": ""}, ["zh"]),
    ],
)
def test_one_changed_field_makes_exactly_its_documents_stale(
    alice: User, made: Project, change: dict[str, str], languages: list[str]
) -> None:
    project_update(project=made, **change)
    assert stale_cells(alice) == {
        (made.code, template, language) for template in ("brief", "plan") for language in languages
    }


def test_a_text_that_stands_in_for_a_missing_one_counts(alice: User, library: list[ContentTemplate]) -> None:
    only_zh = project_of(alice, code="zh-only", description_en="")
    generate(alice, template_codes=("brief",))
    project_update(project=only_zh, description_zh="英文文档读的也是这段中文说明。")
    assert stale_cells(alice) == {("zh-only", "brief", "zh"), ("zh-only", "brief", "en")}


@pytest.mark.parametrize(
    ("change", "languages"),
    [
        ({"prompt_zh": "换一种写法介绍 {{project_name}}。"}, ["zh"]),
        ({"prompt_en": "Introduce {{project_name}} in another way."}, ["en"]),
        ({"name_zh": "简介"}, ["zh"]),
        ({"order": 9, "is_active": False}, []),
    ],
)
def test_a_changed_template_makes_its_documents_stale(
    alice: User, made: Project, library: list[ContentTemplate], change: dict[str, Any], languages: list[str]
) -> None:
    content_template_update(template=library[0], **change)
    assert stale_cells(alice) == {
        (project, "brief", language) for project in ("tea-house", "library") for language in languages
    }


def test_a_template_that_reads_both_languages_is_stale_by_either(
    alice: User, tea: Project, library: list[ContentTemplate]
) -> None:
    template_of(
        code="bilingual",
        prompt_zh="介绍 {{project_name}}（{{project_name_en}}）。",
        prompt_en="Introduce {{project_name}}.",
    )
    generate(alice)
    project_update(project=tea, name_en="Tea Above the Clouds")
    assert stale_cells(alice) == {
        ("tea-house", "bilingual", "zh"),
        *(("tea-house", template, "en") for template in ("bilingual", "brief", "plan")),
    }


def test_a_translation_is_stale_with_what_its_source_was_made_from(
    alice: User, tea: Project, library: list[ContentTemplate]
) -> None:
    generate(alice, translated=True)
    project_update(project=tea, description_en="Nobody reads this English text.")
    assert stale_cells(alice) == set()
    project_update(project=tea, description_zh="两种语言的文档都由这段中文写成。")
    assert stale_cells(alice) == {
        ("tea-house", template, language) for template in ("brief", "plan") for language in ("zh", "en")
    }
    finish(batch_of(alice, only_stale=True, translated=True))
    assert stale_cells(alice) == set()
    assert {d.source_language for d in documents_of(alice).values()} == {"zh"}


def test_a_translation_of_a_translation_is_made_from_the_first_language(
    alice: User, tea: Project, library: list[ContentTemplate]
) -> None:
    """English, Chinese from it, then English from that Chinese because a batch asks for it: not stale at birth."""
    generate(alice, languages=("en", "zh"), translated=True, template_codes=("brief",))
    Document.objects.filter(language="en").delete()
    generate(alice, languages=("zh", "en"), translated=True, template_codes=("brief",))
    assert stale_cells(alice) == set()
    project_update(project=tea, description_en="Both were made from this.")
    assert stale_cells(alice) == {("tea-house", "brief", "zh"), ("tea-house", "brief", "en")}


def test_only_stale_makes_exactly_those(alice: User, made: Project) -> None:
    project_update(project=made, description_zh="新的说明：线上与线下一起预约。")
    project_of(alice, code="newcomer")
    batch = batch_of(alice, only_stale=True)
    assert finish(batch)["succeeded"] == 2
    versions = {cell: document.version for cell, document in documents_of(alice).items()}
    assert len(versions) == 8
    assert {cell for cell, version in versions.items() if version == 2} == {
        ("tea-house", "brief", "zh"),
        ("tea-house", "plan", "zh"),
    }
    assert "线上与线下一起预约" in documents_of(alice)["tea-house", "brief", "zh"].latest.content
    assert stale_cells(alice) == set()


def test_only_stale_keeps_translations_translations(
    alice: User, tea: Project, library: list[ContentTemplate]
) -> None:
    """Bringing a translation up to date must not turn it into something else behind its owner's back."""
    generate(alice, translated=True)
    project_update(project=tea, description_zh="新的中文说明。")
    finish(batch_of(alice, only_stale=True))
    assert {cell[2]: d.source_language for cell, d in documents_of(alice).items()} == {"zh": "zh", "en": "zh"}
    assert stale_cells(alice) == set()


def test_the_list_of_documents_filters_by_staleness(alice: User, made: Project, client_for: Any) -> None:
    project_update(project=made, description_zh="改过的说明。")
    client = client_for(alice)
    stale = client.get(f"{URL}?is_stale=true").json()["data"]
    fresh = client.get(f"{URL}?is_stale=false").json()["data"]
    assert {(row["project"]["code"], row["language"], row["is_stale"]) for row in stale} == {
        ("tea-house", "zh", True)
    }
    assert (len(stale), len(fresh)) == (2, 6)
    assert not any(row["is_stale"] for row in fresh)


CSV = """code,name_zh,name_en,description_zh,description_en,website
tea-house,云上茶馆,Cloud Tea House,"第一行
第二行 🍵",Tea for everybody,https://tea.example.com
"""


@pytest.mark.parametrize(
    "again",
    [
        CSV.encode(),
        CSV.replace("\n", "\r\n").encode(),
        CSV.encode("utf-8-sig"),
        CSV.replace(" 🍵", "").replace("第二行", "第二行 🍵").encode("utf-16"),
        CSV.encode("gb18030"),
        CSV.replace("第一行\n", "第一行  \n").encode(),
    ],
    ids=["same", "windows line ends", "BOM", "UTF-16", "GB18030", "blanks at a line's end"],
)
def test_importing_the_same_file_makes_nothing_stale(
    alice: User, library: list[ContentTemplate], again: bytes
) -> None:
    projects_import(owner_id=alice.pk, data=CSV.encode())
    generate(alice)
    result = projects_import(owner_id=alice.pk, data=again)
    assert (result.created, Document.objects.owned_by(alice.pk).stale().count()) == (0, 0)
    projects_import(owner_id=alice.pk, data=CSV.replace("第一行", "首行").encode())
    assert {cell[2] for cell in stale_cells(alice)} == {"zh"}


def test_what_changes_while_a_document_is_written_makes_it_stale(
    alice: User, tea: Project, library: list[ContentTemplate], paid: Any
) -> None:
    from tests.templates import writer

    def meanwhile(request: Any) -> None:
        project_update(project=Project.objects.get(pk=tea.pk), description_zh=f"改动 {len(writer.said)}")

    writer.says(meanwhile)
    batch = batch_of(alice, languages=("zh",), template_codes=("brief",))
    run_items(batch)
    assert stale_cells(alice) == {("tea-house", "brief", "zh")}
