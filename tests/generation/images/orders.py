"""Jobs that buy one picture."""

from accounts.models import User
from generation.jobs import services
from generation.models import Job
from tests.support.kinds.handlers import ImageInput

PROMPT = "一只红色的陶瓷猫 🐈"


def image_job(owner: User, prompt: str = PROMPT, *, model: str | None = None) -> Job:
    """Buys one picture, copies it, and is done."""
    return services.job_submit(kind="test.image", input=ImageInput(prompt, model), owner_id=owner.pk)
