"""Licences that a published model may have, by their SPDX names."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Licence(StrEnum):
    """`LicenseRef-All-Rights-Reserved` is SPDX's way of naming what isn't on its list: look, but don't use."""

    CC0 = "CC0-1.0"
    CC_BY = "CC-BY-4.0"
    CC_BY_SA = "CC-BY-SA-4.0"
    CC_BY_ND = "CC-BY-ND-4.0"
    CC_BY_NC = "CC-BY-NC-4.0"
    CC_BY_NC_SA = "CC-BY-NC-SA-4.0"
    CC_BY_NC_ND = "CC-BY-NC-ND-4.0"
    MIT = "MIT"
    APACHE = "Apache-2.0"
    CERN_OHL_P = "CERN-OHL-P-2.0"
    CERN_OHL_S = "CERN-OHL-S-2.0"
    RESERVED = "LicenseRef-All-Rights-Reserved"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a licence allows, and what it asks for. `url`: its text; empty where there is none."""

    url: str
    allows_remixes: bool = True
    allows_commerce: bool = True
    needs_credit: bool = True
    #: Remixes have the same licence.
    needs_same: bool = False


TERMS: Final = {
    Licence.CC0: Terms("https://creativecommons.org/publicdomain/zero/1.0/", needs_credit=False),
    Licence.CC_BY: Terms("https://creativecommons.org/licenses/by/4.0/"),
    Licence.CC_BY_SA: Terms("https://creativecommons.org/licenses/by-sa/4.0/", needs_same=True),
    Licence.CC_BY_ND: Terms("https://creativecommons.org/licenses/by-nd/4.0/", allows_remixes=False),
    Licence.CC_BY_NC: Terms("https://creativecommons.org/licenses/by-nc/4.0/", allows_commerce=False),
    Licence.CC_BY_NC_SA: Terms(
        "https://creativecommons.org/licenses/by-nc-sa/4.0/", allows_commerce=False, needs_same=True
    ),
    Licence.CC_BY_NC_ND: Terms(
        "https://creativecommons.org/licenses/by-nc-nd/4.0/", allows_remixes=False, allows_commerce=False
    ),
    Licence.MIT: Terms("https://opensource.org/license/mit"),
    Licence.APACHE: Terms("https://www.apache.org/licenses/LICENSE-2.0"),
    Licence.CERN_OHL_P: Terms("https://ohwr.org/cern_ohl_p_v2.txt"),
    Licence.CERN_OHL_S: Terms("https://ohwr.org/cern_ohl_s_v2.txt", needs_same=True),
    Licence.RESERVED: Terms("", allows_remixes=False, allows_commerce=False),
}


def may_follow(parent: Licence, child: Licence) -> bool:
    """Whether what is made of something under one licence may be published under the other: Creative Commons' chart for
    adapters (creativecommons.org/faq, "Can I combine…"), and what the other licences say likewise."""
    before, after = TERMS[parent], TERMS[child]
    if not before.allows_remixes:
        return False
    if before.needs_same:
        return parent == child
    if after.allows_commerce and not before.allows_commerce:
        return False
    return after.needs_credit or not before.needs_credit
