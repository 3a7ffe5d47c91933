"""Rows of the kernel and of others' packages that stand in the back office."""

from django.contrib.auth.models import Group
from django.utils import timezone
from django_celery_results.models import TaskResult

from accounts.models import User
from config.models import IdempotencyRecord
from tests.support.rows import Maker


def answer(n: int, owner: User) -> IdempotencyRecord:
    now = timezone.now()
    return IdempotencyRecord.objects.create(
        owner=owner, key=f"k{n}", route="POST /x", request_hash="h", locked_until=now
    )


MAKERS: dict[str, Maker] = {
    "auth.Group": lambda n, owner: Group.objects.create(name=f"n{n}"),
    "django_celery_results.TaskResult": lambda n, owner: TaskResult.objects.create(task_id=f"t{n}"),
    "platform.IdempotencyRecord": answer,
}
