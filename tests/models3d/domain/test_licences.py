"""What licences allow, and what may follow them."""

from models3d.domain.licences import TERMS, Licence, may_follow

CC = [
    Licence.CC_BY, Licence.CC_BY_NC, Licence.CC_BY_NC_ND, Licence.CC_BY_NC_SA, Licence.CC_BY_ND, Licence.CC_BY_SA,
]  # fmt: skip
#: The adapter's chart of creativecommons.org/faq: what is made of the left may be under the right.
CHART = {
    Licence.CC0: [*CC, Licence.CC0],
    Licence.CC_BY: CC,
    Licence.CC_BY_NC: [Licence.CC_BY_NC, Licence.CC_BY_NC_ND, Licence.CC_BY_NC_SA],
    Licence.CC_BY_SA: [Licence.CC_BY_SA],
    Licence.CC_BY_NC_SA: [Licence.CC_BY_NC_SA],
    Licence.CC_BY_ND: [],
    Licence.CC_BY_NC_ND: [],
}


def test_creative_commons_follow_the_chart() -> None:
    for parent, children in CHART.items():
        assert {child for child in CHART if may_follow(parent, child)} == set(children), parent


def test_what_is_reserved_is_followed_by_nothing() -> None:
    assert not any(may_follow(Licence.RESERVED, child) for child in Licence)


def test_every_licence_has_terms_and_a_text() -> None:
    assert TERMS.keys() == set(Licence)
    assert [one for one, terms in TERMS.items() if not terms.url.startswith("https://")] == [Licence.RESERVED]
