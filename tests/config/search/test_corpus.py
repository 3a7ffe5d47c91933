"""What a search finds in texts of four scripts, whichever way leads to the rows, on either database."""

from urllib.parse import urlencode

import orjson
import pytest
from django.http import QueryDict

from accounts.models import User
from config.api.lists import searching
from config.api.lists.fields import Text, Uuid
from config.api.lists.filters import SearchFilter
from config.api.lists.query import read_list_query
from config.api.lists.read_models import ReadModel
from config.api.lists.reading import read_page
from config.api.lists.spec import ListSpec
from templates.models import Document
from templates.selectors import document_list_for
from tests.templates.factories import content_template_make, document_make, project_make

pytestmark = pytest.mark.django_db


class TitleOut(ReadModel, source_model=Document):
    id = Uuid()
    title = Text()


SPEC = ListSpec(TitleOut, document_list_for, filters={"search": SearchFilter()})

CORPUS = {
    "plan": "量子计算与人工智能：2026 年规划",
    "whale": "蓝鲸在大海里唱歌",
    "diagram": "系统架构图（第二版）",
    "traditional": "系統架構圖與雲端運算",
    "simplified": "云端运算与系统架构",
    "japanese": "東京でラーメンを食べる、ﾗｰﾒﾝ大好き",
    "voiced": "ｶﾞｲﾄﾞﾌﾞｯｸ と がいど",
    "korean": "서울에서 커피를 마시다",
    "english": "Kubernetes operators for the Straße of São Paulo",
    "wide": "ＫＵＢＥ　ｃｏｎｆｉｇ １２３％",
    "ligature": "A ﬁne oﬃce weighs 5㎏",
    "percent": "100% of_users \\ back\\slash 'single' \"double\"",
    "emoji": "茶🍵馆👩‍👩‍👧 tea☕️time 𠮷野家",
    "accents": "Cafe\u0301 nai\u0308ve re\u0301sume\u0301",
    "symbols": "C++ and C# => a->b; if (x[0] == y) { … }",
    "short": "Go AI UI 茶",
    "turkish": "İstanbul DIŞ",
    "lines": "first\nsecond\tthird\u3000fourth\u00a0fifth",
    "runs": "呵呵呵呵呵 ====== 嘿嘿",
    "longer runs": "呵呵呵呵呵呵 ========== 🍬🍬🍬🍬🍬🍬🍬🍬🍬",
    "numbers": "ISO 8601 · 3.14159 · No.42",
}

ANSWERS = {
    # One, two, three and more characters, anywhere inside a sentence.
    "茶": ["emoji", "short"],
    "量": ["plan"],
    "量子": ["plan"],
    "子计": ["plan"],
    "人工智能": ["plan"],
    "大海里唱": ["whale"],
    "架构图": ["diagram"],
    "量计": [],
    "计算子": [],
    "人工能": [],
    # Traditional and simplified as they are.
    "架构": ["diagram", "simplified"],
    "架構": ["traditional"],
    "运算": ["simplified"],
    "運算": ["traditional"],
    # Japanese and Korean, full and half width.
    "ラーメン": ["japanese"],
    "ﾗｰﾒﾝ": ["japanese"],
    "食べ": ["japanese"],
    "ガイド": ["voiced"],
    "ｶﾞ": ["voiced"],
    "がい": ["voiced"],
    "か\u3099い": ["voiced"],
    "커피": ["korean"],
    "피": ["korean"],
    "\u110f\u1165\u1111\u1175": ["korean"],
    # English: any case, whole words and parts, one letter and two.
    "kubernetes": ["english"],
    "KUBE": ["english", "wide"],
    "bernet": ["english"],
    "strasse": ["english"],
    "STRASSE": ["english"],
    "são": ["english"],
    "sao": [],
    "ai": ["short"],
    "go": ["short"],
    "w": ["ligature"],
    "q": [],
    "zx": [],
    # Full width and other ways to write the same.
    "kube config": ["wide"],
    "１２３％": ["wide"],
    "123%": ["wide"],
    "ｋｕｂｅ": ["english", "wide"],
    "fine": ["ligature"],
    "office": ["ligature"],
    "ﬃ": ["ligature"],
    "5kg": ["ligature"],
    "㎏": ["ligature"],
    "café": ["accents"],
    "cafe\u0301": ["accents"],
    "naïve": ["accents"],
    "résumé": ["accents"],
    "i̇stanbul": ["turkish"],
    "diş": ["turkish"],
    # Several words are all required, wherever they stand.
    "系统 图": ["diagram"],
    "图 系统": ["diagram"],
    "架构　系统": ["diagram", "simplified"],
    "c c++": ["symbols"],
    "first fifth": ["lines"],
    "second\tthird": ["lines"],
    "kubernetes 量子": [],
    # Everything stands for itself.
    "%": ["percent", "wide"],
    "100%": ["percent"],
    "_": ["percent"],
    "f_u": ["percent"],
    "of users": ["percent"],
    "\\": ["percent"],
    "k\\s": ["percent"],
    "'single'": ["percent"],
    '"': ["percent"],
    "' OR 1=1 --": [],
    "%%": [],
    "__": [],
    ".*": [],
    "[0]": ["symbols"],
    "=>": ["symbols"],
    "->b;": ["symbols"],
    "C#": ["symbols"],
    "：": ["plan"],
    "（": ["diagram", "symbols"],
    "…": ["symbols"],
    "...": ["symbols"],
    "·": ["numbers"],
    "NULL": [],
    "$1": [],
    "{}": [],
    # One character again and again.
    "呵呵": ["longer runs", "runs"],
    "呵呵呵呵呵": ["longer runs", "runs"],
    "呵呵呵呵呵呵": ["longer runs"],
    "呵呵呵呵呵呵呵": [],
    "嘿嘿嘿": [],
    "=====": ["longer runs", "runs"],
    "=========": ["longer runs"],
    "===========": [],
    "🍬🍬🍬🍬": ["longer runs"],
    # Outside of the first plane.
    "🍵": ["emoji"],
    "🍵馆": ["emoji"],
    "👩‍👩‍👧": ["emoji"],
    "☕": ["emoji"],
    "𠮷": ["emoji"],
    "𠮷野家": ["emoji"],
    "🍜": [],
    "3.14159": ["numbers"],
    "8601": ["numbers"],
}


@pytest.fixture
def corpus(alice: User, bob: User) -> None:
    template = content_template_make()
    for owner in (alice, bob):
        for text in CORPUS.values():
            document_make(owner, project=project_make(owner), content_template=template, title=text)


def found(owner: User, asked: str) -> list[str]:
    """The names of the corpus' texts that the search finds."""
    query = read_list_query(SPEC, QueryDict(urlencode({"search": asked, "limit": 100})))
    page = read_page(SPEC, query, owner_id=owner.pk)
    rows = orjson.loads(page.data_json)
    assert page.meta is not None
    assert page.meta["total"] == len(rows)
    names = {text: name for name, text in CORPUS.items()}
    return sorted(names[row["title"]] for row in rows)


@pytest.mark.parametrize("most_hits", [2_000, -1], ids=["by the index", "by walking"])
def test_every_search_finds_what_it_should(
    alice: User, corpus: None, monkeypatch: pytest.MonkeyPatch, most_hits: int
) -> None:
    monkeypatch.setattr(searching, "MOST_HITS", most_hits)
    monkeypatch.setattr(ListSpec, "shows_all_of_owner", False)  # so that the walk counts, too
    answers = {asked: found(alice, asked) for asked in ANSWERS}
    assert answers == {asked: sorted(expected) for asked, expected in ANSWERS.items()}
