"""The clock's memory: when each periodic task was published last, in a file of VAR_DIR."""

from pathlib import Path

from celery.beat import PersistentScheduler


class Scheduler(PersistentScheduler):
    """Makes the file's folder: on a new machine beat may be the first that wants it."""

    def setup_schedule(self) -> None:
        Path(self.schedule_filename).parent.mkdir(parents=True, exist_ok=True)
        super().setup_schedule()
