"""The worker's reference: what a call costs when a Celery task makes it with the SDK and updates its row twice.

Started as `celery -A benchmarks.plain.tasks`, with the house's own settings, pool and connections. Nothing is
claimed, recorded in a ledger, checked or stored; so it is the floor that the job engine is measured against.
"""

import os
import threading
from typing import Any

from django.db import connection

from config.celery import app

__all__ = ["app", "plain_call"]

_client: Any = None
_lock = threading.Lock()


@app.task(name="benchmarks.plain_call")
def plain_call(*, job_id: str, prompt: str) -> None:
    """Update the row, release the connection, call, update the row."""
    from generation.models import Job

    Job.objects.filter(pk=job_id).update(progress=1)
    connection.close()
    answer = client().chat.completions.create(
        model=os.environ["OPENAI_MODEL"],
        messages=[{"role": "user", "content": prompt}],
        max_completion_tokens=4000,
    )
    Job.objects.filter(pk=job_id).update(progress=2, output={"text": answer.choices[0].message.content})


def client() -> Any:
    global _client
    with _lock:
        if _client is None:
            from openai import OpenAI

            _client = OpenAI(
                api_key=os.environ["OPENAI_API_KEY"], base_url=os.environ["OPENAI_BASE_URL"], max_retries=0
            )
    return _client
