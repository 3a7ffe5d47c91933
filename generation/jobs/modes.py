"""What a test token may set going."""

from generation.errors import JobLiveError
from generation.models import Job


def check_mode(job: Job, *, is_test: bool) -> None:
    """Call it before somebody has a job go on that may buy something; `is_test`: they hold a test token.

    A job keeps the mode that it was made in: begun by a test token it asks the sandbox, whoever goes on with it; begun
    otherwise it asks real providers, so no test token goes on with it. Raises JobLiveError.
    """
    if is_test and not job.is_test:
        raise JobLiveError
