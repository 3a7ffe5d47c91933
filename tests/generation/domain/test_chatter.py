"""What stands around a document, and what belongs to it."""

import pytest

from generation.domain.chatter import Trimmed, trimmed

DOC = "# 标题\n\n正文。\n\n- 一\n- 二"
CODE = "# T\n\n```python\nx = 1\n```\n\nEnd."


@pytest.mark.parametrize(
    ("answer", "before", "after"),
    [
        ("```markdown\n{}\n```", "", ""),
        ("```md\n{}", "", ""),
        ("```\n{}\n```", "", ""),
        ("~~~markdown\n{}\n~~~", "", ""),
        (
            "Sure! Here is the document:\n\n```markdown\n{}\n```\n\nLet me know if you need changes.",
            "Sure! Here is the document:",
            "Let me know if you need changes.",
        ),
        ("````markdown\n{}\n````\n\n希望以上内容对您有帮助！", "", "希望以上内容对您有帮助！"),
        ("好的，以下是文档：\n\n{}\n\n如需修改，请告诉我。", "好的，以下是文档：", "如需修改，请告诉我。"),
        (
            "Here is the document:\n\n---\n\n{}\n\n---\n\nI hope this helps!",
            "Here is the document:",
            "I hope this helps!",
        ),
    ],
)
@pytest.mark.parametrize("document", [DOC, CODE])
def test_the_document_alone_is_kept(answer: str, before: str, after: str, document: str) -> None:
    found = trimmed(answer.format(document))
    assert Trimmed(found.text.strip(), found.before, found.after) == Trimmed(document, before, after)


@pytest.mark.parametrize(
    "document",
    [
        DOC,
        CODE,
        "# T\n\nHow to write:\n\n```markdown\n# Inner\n\ntext\n```\n\n## More\n\nText.",
        "```python\nprint(1)\n```",
        "Intro of the document.\n\n# Title\n\nText.",
        "# T\n\nText.\n\n如有任何问题，请联系支持团队。",
        "# T\n\nContact us if you have questions.",
        "# Sure\n\nLet me know is a song.\n\nThe end.",
        "```\n",
        "",
    ],
)
def test_a_documents_own_words_are_kept(document: str) -> None:
    assert trimmed(document) == Trimmed(document)
