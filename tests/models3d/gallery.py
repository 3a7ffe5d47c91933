"""Public models, as rows: what makes them is tested elsewhere."""

from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import User
from models3d.models import Model3D
from models3d.services.counting import trend_of
from tests.support.rows import make_rows

PUBLIC = "/api/v1/models/public"
MODELS = "/api/v1/models"
BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)


def private_model(owner: User, **fields: Any) -> Model3D:
    """A model that is there and that nobody else sees."""
    made: Model3D = make_rows(Model3D, 1, owner)
    for name, value in fields.items():
        setattr(made, name, value)
    made.save()
    return made


def public_model(owner: User, *, day: int = 0, **fields: Any) -> Model3D:
    """One that was published on a day."""
    fields = {"visibility": "public", "published_at": BEGINNING + timedelta(days=day), **fields}
    made = private_model(owner, **fields)
    made.trend = trend_of(made)
    made.save()
    return made


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["data"]]


def refused(answer: Any) -> tuple[int, str]:
    """The status and the code of a refusal."""
    return answer.status_code, answer.json()["data"]["code"]
