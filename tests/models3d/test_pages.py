"""The gallery as pages: what they show, in both languages, and what a browser may do with them."""

import json
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from generation.models import Job
from generation.services.files import file_store
from models3d.models import Model3D, ModelFile, ModelReport
from tests.models3d.gallery import private_model, public_model
from tests.support.rows import make_rows

pytestmark = pytest.mark.django_db

NAMES = re.compile(r'<span class="name">([^<]*)</span>')
MORE = re.compile(r'<a class="button quiet" rel="next" href="([^"]+)"')


@pytest.fixture
def reader() -> Client:
    """Somebody without an account."""
    return Client()


def names(answer: Any, status: int = 200) -> list[str]:
    assert answer.status_code == status, answer.content
    return NAMES.findall(answer.text)


def page_of(model: Model3D, **query: str) -> str:
    return f"/gallery/{model.pk}" + (f"?{'&'.join(f'{k}={v}' for k, v in query.items())}" if query else "")


class TestList:
    def test_what_is_asked_of_it(self, reader: Client, alice: User) -> None:
        public_model(alice, name="茶壶", day=1, likes=5, tags=["茶"])
        public_model(alice, name="Gear", day=2, is_printable=False, licence="MIT", longest_mm=200.0, tags=[])
        private_model(alice, name="Secret")
        public_model(alice, name="Hidden", hidden_at=timezone.now())
        asked = {
            "": ["Gear", "茶壶"],
            "?sort=likes": ["茶壶", "Gear"],
            "?search=茶": ["茶壶"],
            "?printable=false&licence=&tag=": ["Gear"],
            "?max_size_mm=100": ["茶壶"],
            "?licence=MIT": ["Gear"],
            "?tag=茶": ["茶壶"],
            "?author=alice&utm_source=elsewhere": ["Gear", "茶壶"],
            "?search=xyz": [],
        }
        assert {query: names(reader.get(f"/gallery{query}")) for query in asked} == asked
        assert reader.get("/gallery/").headers["Location"] == "/gallery"

    def test_a_link_to_more_goes_through_all_of_them(self, reader: Client, alice: User) -> None:
        for day in range(1, 31):
            public_model(alice, name=f"model {day}", day=day)
        found, place = [], "/gallery?lang=zh&printable=true"
        while place:
            answer = reader.get(place)
            found += names(answer)
            more = MORE.findall(answer.text)
            place = more[0].replace("&amp;", "&") if more else ""
            assert "lang=zh" in place or not place
        assert found == [f"model {day}" for day in range(30, 0, -1)]

    def test_when_there_is_nothing(self, reader: Client, alice: User) -> None:
        assert "还没有公开的模型" in reader.get("/gallery?lang=zh").text
        public_model(alice)
        assert "Nothing like it here" in reader.get("/gallery?search=xyz").text
        for wrong in ("max_size_mm=abc", "cursor=abc", "sort=beauty", f"search={'x' * 201}", "tag=%00"):
            answer = reader.get(f"/gallery?{wrong}")
            assert (answer.status_code, names(answer, 422)) == (422, []), wrong
            assert "That can&#x27;t be looked for" in answer.text or "That can't be looked for" in answer.text

    def test_it_costs_one_query(self, reader: Client, alice: User, django_assert_num_queries: Any) -> None:
        for day in range(30):
            public_model(alice, day=day)
        with django_assert_num_queries(1):
            assert len(names(reader.get("/gallery"))) == 24

    def test_kept_copies(self, reader: Client, alice: User) -> None:
        public_model(alice)
        answer = reader.get("/gallery")
        assert answer.headers["Cache-Control"] == "public, max-age=60"
        assert set(answer.headers["Vary"].split(", ")) == {"Accept-Language", "Cookie"}
        again = reader.get("/gallery", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        other = reader.get("/gallery?lang=zh", headers={"If-None-Match": answer.headers["ETag"]})
        assert other.status_code == 200
        assert reader.cookies == {}


class TestModel:
    def test_what_it_says(self, reader: Client, alice: User, django_assert_num_queries: Any) -> None:
        model = public_model(alice, name="茶壶 </script><b>", description="一把 & 两把", licence="CC-BY-4.0")
        public_model(alice, name="Remix", remix_of=model)
        reader.get(page_of(model))
        # The model, whether this visitor was counted today, and its remixes.
        with django_assert_num_queries(3):
            page = reader.get(page_of(model)).text
        assert names(reader.get(page_of(model))) == ["Remix"]
        for said in (
            "茶壶 &lt;/script&gt;&lt;b&gt;</h1>",
            "一把 &amp; 两把",
            "20\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}20\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}20\N{NO-BREAK SPACE}mm",
            'rel="license" href="https://creativecommons.org/licenses/by/4.0/"',
            "1 view",
            f'<meta property="og:image" content="http://testserver/gallery/{model.pk}/preview.webp">',
            f'<link rel="canonical" href="http://testserver/gallery/{model.pk}">',
            f'hreflang="zh" href="http://testserver/gallery/{model.pk}?lang=zh"',
        ):
            assert said in page, said
        [data] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
        assert json.loads(data)["name"] == model.name
        assert Model3D.objects.get(pk=model.pk).views == 1

    def test_its_recipe_if_its_owner_agrees(self, reader: Client, alice: User) -> None:
        model = public_model(alice, prompt="一只茶壶", seed=4711, shows_recipe=False)
        assert "4711" not in reader.get(page_of(model)).text
        Model3D.objects.filter(pk=model.pk).update(shows_recipe=True)
        page = reader.get(page_of(model, lang="zh")).text
        assert "制作方法" in page
        assert "一只茶壶" in page
        assert "4711" in page

    def test_what_it_is_a_remix_of(self, reader: Client, alice: User) -> None:
        parent = public_model(alice, name="Parent")
        note = {"name": "Parent", "is_deleted": True}
        gone = public_model(alice, remix_note=note)
        child = public_model(alice, remix_of=parent)
        assert f'Remix of <a href="/gallery/{parent.pk}">Parent</a>' in reader.get(page_of(child)).text
        assert "Remix of “Parent”, which was deleted" in reader.get(page_of(gone)).text
        Model3D.objects.filter(pk=parent.pk).update(visibility="private")
        assert "Remix of a model that isn" in (page := reader.get(page_of(child)).text)
        assert "Parent" not in page

    def test_one_that_isnt_there_looks_the_same_as_one_that_isnt_public(
        self, reader: Client, alice: User
    ) -> None:
        secret, hidden = private_model(alice), public_model(alice, hidden_at=timezone.now())
        keys = [secret.pk, hidden.pk, "019a6f5e-7c1d-7a40-9d55-2f0f3f1c5b11", "nope", "%00", "茶"]
        places = [f"/gallery/{key}{end}" for key in keys for end in ("", "/report")]
        answers = [reader.get(f"{place}?lang=zh") for place in places]
        assert {answer.status_code for answer in answers} == {404}
        said = {re.sub(r'href="/gallery/[^"]*"', "", answer.text) for answer in answers}
        assert len(said) == 1
        assert "这里没有这个模型" in said.pop()
        assert "This model isn" in reader.get(places[0]).text
        files = {reader.get(f"/gallery/{key}/preview.webp").status_code for key in keys}
        assert files == {404}

    def test_languages(self, reader: Client, alice: User) -> None:
        model = public_model(alice)
        english, chinese = (
            reader.get(page_of(model), headers={"Accept-Language": one}).text for one in ("en", "zh-CN")
        )
        assert '<html lang="en">' in english
        assert '<html lang="zh-CN">' in chinese
        assert "可打印" in chinese
        assert reader.get(page_of(model, lang="xx")).status_code == 200
        chosen = reader.get(page_of(model, lang="zh"), headers={"Accept-Language": "en"}).text
        assert 'href="/gallery?lang=zh"' in chosen

    def test_what_a_browser_may_do(self, reader: Client, alice: User) -> None:
        """Nothing is named that anybody else serves, and no script or style stands in a page."""
        model = public_model(alice)
        for place in ("/gallery", page_of(model), f"/gallery/{model.pk}/report", "/gallery/nope"):
            answer = reader.get(place)
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none';")
            assert "unsafe-inline" not in policy
            assert "'unsafe-eval'" not in policy
            assert "http" not in policy
            elements = re.sub(r"<(?:a|link rel=\"(?:can|alt))[^>]*>", "", answer.text)
            loaded = re.findall(r'(?:src|href)="([^"]+)"', elements)
            assert all(address.startswith("/") for address in loaded), loaded
            assert not re.search(r"\sstyle=|<style|\son\w+=", answer.text)

    def test_too_many(self, reader: Client, settings: Any) -> None:
        cache.clear()
        settings.RATE_LIMIT_MAX_REQUESTS = 2
        assert [reader.get("/gallery").status_code for _ in range(3)] == [200, 200, 429]
        assert reader.get("/gallery").headers["Retry-After"]
        cache.clear()


class TestFiles:
    def test_pictures_and_meshes(
        self, reader: Client, alice: User, django_assert_num_queries: Any, settings: Any
    ) -> None:
        model = public_model(alice)
        version: Any = model.current
        version.file = file_store(owner_id=alice.pk, source=b"hello", name="a.txt")
        version.save()
        place = f"/gallery/{model.pk}/model.glb"
        with django_assert_num_queries(1):
            answer = reader.get(place)
        assert b"".join(answer.streaming_content) == b"hello"
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        settings.CORS_ALLOWED_ORIGINS = [shop := "https://shop.example.com"]
        again = reader.get(place, headers={"If-None-Match": answer.headers["ETag"], "Origin": shop})
        assert again.status_code == 304
        assert again.headers["Access-Control-Allow-Origin"] == shop, "its viewer reads what the API names"
        assert reader.get(f"/gallery/{model.pk}/secrets").status_code == 404
        Model3D.objects.filter(pk=model.pk).update(visibility="private")
        assert reader.get(place).status_code == 404

    def test_the_picture_that_it_was_made_from_is_part_of_the_recipe(
        self, reader: Client, alice: User
    ) -> None:
        picture = file_store(owner_id=alice.pk, source=b"hello", name="a.txt")
        model = public_model(alice, picture=picture)
        assert reader.get(f"/gallery/{model.pk}/picture").status_code == 404
        Model3D.objects.filter(pk=model.pk).update(shows_recipe=True)
        answer = reader.get(f"/gallery/{model.pk}/picture")
        assert b"".join(answer.streaming_content) == b"hello"
        assert f"/gallery/{model.pk}/picture" in reader.get(page_of(model)).text


class TestDownload:
    def test_at_once_or_when_it_is_converted(self, reader: Client, alice: User) -> None:
        model = public_model(alice)
        place = f"/gallery/{model.pk}/download?lang=zh&size_mm=&format="
        for _ in range(2):
            answer = reader.get(place + "glb")
            assert (answer.status_code, answer.headers["Location"][:7]) == (302, "/files/")
        waits = reader.get(place + "3mf")
        assert (waits.status_code, waits.headers["Refresh"]) == (202, "4")
        assert "正在准备下载" in waits.text
        assert reader.get(place + "3mf").status_code == 202
        [asked] = ModelFile.objects.filter(format="3mf")
        asked.file = file_store(owner_id=alice.pk, source=b"hello", name="a.txt")
        asked.save()
        assert reader.get(place + "3mf").status_code == 302
        assert Model3D.objects.get(pk=model.pk).downloads == 1

    def test_what_cant_be_had(self, reader: Client, alice: User) -> None:
        model = public_model(alice)
        sizes = [f"format=stl&size_mm={size}" for size in ("0", "-1", "1e7", "nan", "x")]
        for wrong in ("format=exe", "format=", "", *sizes):
            answer = reader.get(f"/gallery/{model.pk}/download?{wrong}")
            assert (answer.status_code, "be downloaded" in answer.text) == (422, True), wrong
        failed = make_rows(Job, 1, alice)
        asked = ModelFile.objects.create(version=model.current, format="stl", size_um=1000, job=failed)
        assert asked.job.status == "failed"
        assert reader.get(f"/gallery/{model.pk}/download?format=stl&size_mm=1").status_code == 409
        Model3D.objects.filter(pk=model.pk).update(visibility="private")
        assert reader.get(f"/gallery/{model.pk}/download?format=glb").status_code == 404
        assert ModelFile.objects.filter(version=model.current).count() == 2


class TestCrawlers:
    def test_they_find_public_models(self, reader: Client, alice: User) -> None:
        shown, secret = public_model(alice), private_model(alice)
        robots = reader.get("/robots.txt").text
        assert "Disallow: /api/" in robots
        assert "Disallow: /gallery/*/download" in robots
        [place] = re.findall(r"Sitemap: http://testserver(.*)", robots)
        sitemap = reader.get(place).text
        assert f"<loc>http://testserver/gallery/{shown.pk}</loc>" in sitemap
        assert str(secret.pk) not in sitemap


class TestReport:
    def test_staff_hear_of_it(self, reader: Client, alice: User) -> None:
        model = public_model(alice)
        place = f"/gallery/{model.pk}/report?lang=zh"
        assert "有什么问题" in reader.get(place).text
        assert reader.post(place, {"reason": "beauty"}).status_code == 422
        assert not ModelReport.objects.exists()
        assert "谢谢" in reader.post(place, {"reason": "copyright", "text": "我的设计"}).text
        report = ModelReport.objects.get()
        assert (report.model_id, report.reason, report.text, report.reporter_id) == (
            model.pk, "copyright", "我的设计", None,
        )  # fmt: skip

    def test_nobody_reports_by_another_site(self, alice: User) -> None:
        model = public_model(alice)
        answer = Client(enforce_csrf_checks=True).post(f"/gallery/{model.pk}/report", {"reason": "spam"})
        assert answer.status_code == 403
        assert not ModelReport.objects.exists()

    def test_a_few_at_a_time(self, reader: Client, alice: User, settings: Any) -> None:
        cache.clear()
        settings.LOGIN_LIMIT_MAX_ATTEMPTS = 1
        place = f"/gallery/{public_model(alice).pk}/report"
        assert [reader.post(place, {"reason": "spam"}).status_code for _ in range(2)] == [200, 422]
        assert ModelReport.objects.count() == 1
        cache.clear()
