"""Buying meshes: as whatever is ordered, and in two steps where a vendor gives a mesh its textures apart."""

from dataclasses import replace
from typing import cast

from generation.jobs import ledger, orders
from generation.jobs.attempts import Attempt
from generation.jobs.registry import Waiting
from generation.providers.mesh.base import MeshAnswer, MeshOrder


def buy(attempt: Attempt, step: str, order: MeshOrder, *, feature: str) -> MeshAnswer | Waiting:
    """Buy a mesh, or go on with the one that this step has ordered: each part of it once (`orders.buy`)."""
    answer = _buy(attempt, step, order, feature=feature)
    if isinstance(answer, Waiting) or not (answer.is_draft and order.is_textured):
        return answer
    return _buy(
        attempt, f"textures:{step}", replace(order, draft=answer.provider_ref), feature=feature, after=step
    )


def _buy(
    attempt: Attempt, step: str, order: MeshOrder, *, feature: str, after: str = ""
) -> MeshAnswer | Waiting:
    before = ledger.settled(attempt.job, after) if after else None
    return cast(MeshAnswer | Waiting, orders.buy(attempt, step, order, feature=feature, after=before))
