"""What a test token asks for is answered by the sandbox: a job is submitted in the mode of who asks for it."""

from collections.abc import Iterable

from tests.architecture.house import Source, calls, places, product, source

#: Where jobs are submitted that buy nothing.
BUYS_NOTHING = {"conversations/services/imports.py"}


def modeless(sources: Iterable[Source]) -> list[str]:
    """Submitted without a word about the mode, which means: whoever asks, it is bought."""
    return places(
        (one.name, call.lineno)
        for one in sources
        for name, call in calls(one.tree)
        if name == "job_submit" and "is_test" not in {keyword.arg for keyword in call.keywords}
    )


def test_every_job_has_the_mode_of_who_asks_for_it() -> None:
    found = {place.partition(":")[0] for place in modeless(product())}
    assert found == BUYS_NOTHING, "hand is_test (self.caller.is_test, quote.is_test) on to job_submit"


def test_the_guard_finds_a_job_without_a_mode() -> None:
    planted = source("x.py", "jobs.job_submit(kind=K)\njob_submit(kind=K, is_test=quote.is_test)")
    assert modeless([planted]) == ["x.py:1"]
