"""What is trending."""

from datetime import UTC, datetime, timedelta

from models3d.domain.trending import trend

DAY = datetime(2026, 6, 1, tzinfo=UTC)


def counters(views: int = 0, likes: int = 0, favourites: int = 0, downloads: int = 0) -> dict[str, int]:
    return {"views": views, "likes": likes, "favourites": favourites, "downloads": downloads}


def test_ten_times_the_attention_outweighs_a_week() -> None:
    assert trend(DAY, counters(views=9)) == round(trend(DAY, counters()) + 1, 6)
    assert trend(DAY + timedelta(days=7), counters()) == trend(DAY, counters(views=9))
    assert trend(DAY, counters(views=99)) > trend(DAY + timedelta(days=13), counters())


def test_the_formula_is_the_one_that_is_stated() -> None:
    assert trend(datetime(2026, 1, 8, tzinfo=UTC), counters(1, 1, 1, 1)) == round(1 + 1.301029995664, 6)


def test_what_takes_more_counts_more() -> None:
    by_kind = [trend(DAY, counters(**{name: 1})) for name in ("views", "likes", "favourites", "downloads")]
    assert by_kind == sorted(by_kind)
    assert len(set(by_kind)) == 4
