"""What the tests of the ledger say often."""

from generation.jobs.run import JobRun
from generation.models import Job
from generation.providers.base import CONNECTION_LOST, OVERLOADED, ProviderError
from tests.generation.factories import calls
from tests.support.kinds.handlers import text_request

#: 1000 tokens in and 500 out at DeepSeek's list price, in millionths of a dollar.
COST = 820


def lost() -> ProviderError:
    return ProviderError(CONNECTION_LOST, "lost after acceptance", retryable=True, charged=None)


def not_charged(code: str = OVERLOADED) -> ProviderError:
    return ProviderError(code, "refused", retryable=True, charged=False)


def statuses(job: Job) -> list[str]:
    return [call.status for call in calls(job)]


def ask(run: JobRun, step: str = "text", prompt: str = "写 🙂") -> str:
    return run.chat(step, text_request(prompt), feature="test").text
