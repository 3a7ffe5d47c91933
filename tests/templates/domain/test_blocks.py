import pytest

from templates.domain.blocks import BlockKind, parse_blocks

DOCUMENT = """# 标题 *One*

段落 `code`、[链接](https://a.example/b)，见 https://x.example/z。
第二行 {{project_name}} ![图](https://i.example/1.png)<br>

- 一
  - 二层

    段
1) 数字
-

> 引用
> - 引用里的项

| a | b |
|---|---|
| 1 | `x` |

```py
print(1)
```

<div>块</div>

***

Setext
------
"""


def test_every_leaf_is_a_block_with_its_place():
    found = [(b.kind, b.level, b.depth, b.ordered, b.quote_depth) for b in parse_blocks(DOCUMENT)]
    assert found == [
        (BlockKind.HEADING, 1, 0, False, 0),
        (BlockKind.PARAGRAPH, 0, 0, False, 0),
        (BlockKind.LIST_ITEM, 0, 1, False, 0),
        (BlockKind.LIST_ITEM, 0, 2, False, 0),
        (BlockKind.PARAGRAPH, 0, 2, False, 0),
        (BlockKind.LIST_ITEM, 0, 1, True, 0),
        (BlockKind.LIST_ITEM, 0, 1, False, 0),
        (BlockKind.QUOTE, 0, 0, False, 1),
        (BlockKind.LIST_ITEM, 0, 1, False, 1),
        (BlockKind.TABLE, 0, 0, False, 0),
        (BlockKind.CODE, 0, 0, False, 0),
        (BlockKind.HTML, 0, 0, False, 0),
        (BlockKind.RULE, 0, 0, False, 0),
        (BlockKind.HEADING, 2, 0, False, 0),
    ]


def test_inline_parts_are_told_apart():
    inline = parse_blocks(DOCUMENT)[1].inline
    assert inline.codes == ("code",)
    assert inline.links == ("https://a.example/b", "https://x.example/z")
    assert inline.images == ("https://i.example/1.png",)
    assert inline.tags == ("br",)
    assert inline.placeholders == ("{{project_name}}",)
    assert "code" not in inline.text
    assert "https" not in inline.text


def test_tables_and_code_keep_their_content():
    table, code = (next(b for b in parse_blocks(DOCUMENT) if b.kind == kind) for kind in ("table", "code"))
    assert table.shape == (2, 2)
    assert table.cells == (("a", "b"), ("1", "…"))
    assert (code.info, code.markdown) == ("py", "print(1)\n")


@pytest.mark.parametrize(
    "text", ["https://a.example/x。后面", "（https://a.example/x）", "https://a.example/x, then"]
)
def test_an_address_ends_where_the_sentence_goes_on(text):
    (block,) = parse_blocks(text)
    assert block.inline.links == ("https://a.example/x",)


def test_line_ends_make_no_difference():
    assert parse_blocks(DOCUMENT.replace("\n", "\r\n")) == parse_blocks(DOCUMENT)
