"""Generates documents in a batch, here or on the workers."""

import os
import signal
import time
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, Sum

from accounts.selectors.budgets import budget_get
from accounts.selectors.users import user_get_by_name
from config.errors import AppError
from config.money import MICROS
from config.queues import Queue
from generation.domain.states import ACTIVE
from generation.jobs import runner
from generation.jobs.services import job_pause
from generation.models import Job, ProviderCall
from templates.domain.grid import DocumentState
from templates.domain.inputs import LANGUAGES, language_of
from templates.models import BatchItem, Document, TemplateBatch
from templates.services.batches import batch_create, batch_item_counts, batch_resume, batch_unfinished
from templates.services.exports import export_folder, ready_to_export
from templates.services.plans import BatchOptions, batch_plan
from templates.services.quotes import batch_quote

if TYPE_CHECKING:
    from rich.progress import Progress

SHOWN_STALE = 20
#: What shells expect of a program that Ctrl-C has ended.
EXIT_INTERRUPTED = 130
#: Options that say what a new batch should be; a batch that goes on is what it is.
OF_NEW_BATCHES = (
    "dry_run",
    "category",
    "template",
    "limit",
    "all",
    "only_stale",
    "overwrite_edited",
    "translated",
    "demo_mode",
    "small_model_may_replace",
    "model",
)


class Command(BaseCommand):
    help = (
        "Write documents for every project × content template × language that doesn't exist yet, with a progress bar, "
        "and put them into a folder as Markdown and HTML. Without any key the sandbox writes them. Ctrl-C pauses the "
        "batch; the same command, or --resume, goes on with it, and with one whose process was killed."
    )
    _interrupted = _wants_pause = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--owner", default="demo", help="user name or e-mail address (default: demo)")
        parser.add_argument("--languages", default="zh,en", help="zh, en or both, e.g. zh,en (default)")
        parser.add_argument("--category", default="", help="only templates of the category with this code")
        parser.add_argument(
            "--template", action="append", default=[], help="only this template code; repeatable"
        )
        parser.add_argument("--limit", type=int, help="at most this many documents")
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--all", action="store_true", help="write existing documents again, as new versions"
        )
        which.add_argument(
            "--only-stale", action="store_true", help="exactly the documents whose inputs changed"
        )
        parser.add_argument(
            "--overwrite-edited", action="store_true", help="also documents that a person wrote or changed"
        )
        parser.add_argument(
            "--translated", action="store_true", help="write the first language, translate it into the others"
        )
        parser.add_argument(
            "--concurrency", type=int, default=0, help="calls in flight (default: BATCH_CONCURRENCY)"
        )
        parser.add_argument(
            "--demo-mode", action="store_true", help="let the sandbox answer, whatever is configured"
        )
        parser.add_argument(
            "--model", default="", help="a model of the catalogue (default: the preferred one)"
        )
        parser.add_argument(
            "--small-model-may-replace",
            action="store_true",
            help="let the small local model, too, write over documents of larger models and of persons",
        )
        parser.add_argument("--dry-run", action="store_true", help="only count and say what it would cost")
        parser.add_argument(
            "--queue", action="store_true", help="hand the batch over to the workers and watch them"
        )
        parser.add_argument("--resume", type=UUID, metavar="BATCH", help="go on with an unfinished batch")
        parser.add_argument("--out", type=Path, help="folder for the documents (default: EXPORT_DIR)")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_get_by_name(options["owner"])
        if user is None:
            raise CommandError(f"There is no user {options['owner']!r}. `make setup` creates demo.")
        try:
            self._generate(user.pk, options)
        except AppError as exc:
            raise CommandError(f"{exc.code}: {exc}\n{exc.message('zh')}") from exc

    def _generate(self, owner_id: UUID, options: dict[str, Any]) -> None:
        started = time.monotonic()
        if options["resume"]:
            batch = self._resumed(owner_id, options)
        else:
            asked = self._options(options)
            if options["dry_run"]:
                self._preview(owner_id, asked)
                return
            unfinished = batch_unfinished(owner_id=owner_id, options=asked)
            if unfinished is None:
                batch = batch_create(owner_id=owner_id, options=asked, publish=options["queue"])
            else:
                self.stdout.write(f"Going on with batch {unfinished.pk}, which was asked for the same.")
                batch = self._gone_on(unfinished, publish=options["queue"])
        self._run(batch, in_process=not options["queue"])
        self._report(owner_id, batch, options, time.monotonic() - started)

    def _options(self, options: dict[str, Any]) -> BatchOptions:
        languages = [code.strip() for code in options["languages"].split(",") if code.strip()]
        unknown = sorted(set(languages) - set(LANGUAGES))
        if unknown or not languages or len(set(languages)) < len(languages):
            raise CommandError(f"--languages takes zh and en, each once, not {options['languages']!r}.")
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError("--limit must be at least 1.")
        if not 0 <= options["concurrency"] <= settings.WORKER_CONCURRENCY:
            raise CommandError(f"--concurrency takes 1 to {settings.WORKER_CONCURRENCY}.")
        return BatchOptions(
            languages=tuple(language_of(code) for code in languages),
            template_codes=tuple(options["template"]),
            category_code=options["category"],
            limit=options["limit"],
            skip_existing=not options["all"],
            only_stale=options["only_stale"],
            overwrite_edited=options["overwrite_edited"],
            translated=options["translated"],
            demo_mode=options["demo_mode"],
            small_model_may_replace=options["small_model_may_replace"],
            model=options["model"],
            concurrency=options["concurrency"],
        )

    def _resumed(self, owner_id: UUID, options: dict[str, Any]) -> TemplateBatch:
        given = [name for name in OF_NEW_BATCHES if options[name]]
        if given:
            names = ", ".join("--" + name.replace("_", "-") for name in given)
            raise CommandError(f"--resume goes on with a batch as it is; it doesn't go with {names}.")
        batches = TemplateBatch.objects.owned_by(owner_id).select_related("job")
        batch = batches.filter(pk=options["resume"]).first()
        if batch is None:
            raise CommandError(f"There is no batch {options['resume']} of this owner.")
        return self._gone_on(batch, publish=options["queue"])

    def _gone_on(self, batch: TemplateBatch, *, publish: bool) -> TemplateBatch:
        """A batch whose process was killed isn't paused, but nobody runs it either: that one only needs running."""
        if batch.job.is_terminal or batch.job.paused_at is not None:
            batch_resume(batch=batch, publish=publish)
        lost = Job.objects.filter(parent_id=batch.job_id, status="running").count()
        if lost:
            seconds = settings.QUEUE_LIMITS[Queue.AGENT_BUILDS].lease_seconds
            self.stdout.write(
                f"{lost} documents are in the hands of another process; if it is dead, they are taken up within "
                f"{seconds:.0f} s."
            )
        return batch

    def _preview(self, owner_id: UUID, asked: BatchOptions) -> None:
        planned = batch_plan(owner_id=owner_id, options=asked)
        quote = batch_quote(owner_id=owner_id, planned=planned, options=asked)
        left = budget_get(owner_id, is_test=quote.is_test).left_micros
        skipped = (
            ", ".join(f"{count} {reason}" for reason, count in sorted(planned.skipped.items())) or "none"
        )
        self.stdout.write(
            f"Would generate {len(planned.to_run)} of {len(planned.items)} documents (skipped: {skipped}) "
            f"by {', '.join(f'{route.provider} {route.model}' for route in quote.routes)} for "
            f"{quote.least_micros / MICROS:.4f} to {quote.most_micros / MICROS:.4f} {quote.currency}; left of this "
            f"month's budget: {'no limit' if left is None else f'{left / MICROS:.4f} {quote.currency}'}."
        )

    # -- running ---------------------------------------------------------------------------------------------------

    def _run(self, batch: TemplateBatch, *, in_process: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(file=cast(IO[str], self.stdout), highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console) as progress:
            before = signal.signal(signal.SIGINT, lambda *_: self._interrupt(progress))
            try:
                task = progress.add_task("Generating", total=batch.total)

                def watch() -> None:
                    if self._wants_pause:
                        self._pause(batch)
                    counts = batch_item_counts(batch)
                    failed = f" ({counts['failed']} failed)" if counts["failed"] else ""
                    done = batch.total - counts["pending"] - counts["running"]
                    progress.update(task, completed=done, description=f"Generating{failed}")

                if in_process:
                    runner.drain(batch.job_id, threads=batch.job.max_parallel, watch=watch)
                else:
                    self._follow(batch, watch)
            finally:
                signal.signal(signal.SIGINT, before)

    def _interrupt(self, progress: "Progress") -> None:
        """Ctrl-C. Only a flag: the interrupted line may be a database query, in which there is no room for another.

        The second time ends the process at once, which loses nothing: what was in flight is taken up again as after
        a kill.
        """
        if self._interrupted:
            progress.stop()
            os._exit(EXIT_INTERRUPTED)
        self._interrupted = self._wants_pause = True
        progress.console.print("Pausing: what is being written will be finished. Ctrl-C again ends at once.")

    def _pause(self, batch: TemplateBatch) -> None:
        self._wants_pause = False
        with suppress(AppError):  # paused already, or over
            job_pause(job=Job.objects.get(pk=batch.job_id))

    def _follow(self, batch: TemplateBatch, watch: Any) -> None:
        """Watch workers run the batch. They need a broker and a worker: `make run` starts both."""
        while True:
            batch.job.refresh_from_db()
            watch()
            if batch.job.is_terminal or batch.job.paused_at is not None:
                return
            time.sleep(0.5)

    # -- reporting -------------------------------------------------------------------------------------------------

    def _report(self, owner_id: UUID, batch: TemplateBatch, options: dict[str, Any], seconds: float) -> None:
        counts = batch_item_counts(batch)
        self._table(batch, counts, seconds)
        self._name_failures(batch, counts["failed"])
        self._name_unfinished(owner_id, batch)
        self._name_stale(owner_id, options)
        folder: Path = options["out"] or settings.EXPORT_DIR
        written = export_folder(ready_to_export(Document.objects.owned_by(owner_id)), folder)
        self.stdout.write(f"{written} documents, as Markdown and HTML, lie in {folder}")
        if counts["failed"]:
            raise CommandError(
                f"{counts['failed']} documents failed. Retry: POST /api/v1/templates/batches/{batch.pk}/retry"
            )
        if counts["pending"] + counts["running"]:
            raise CommandError(
                f"Paused. Go on with: manage.py generate_templates --resume {batch.pk}",
                returncode=EXIT_INTERRUPTED,
            )

    def _table(self, batch: TemplateBatch, counts: dict[str, int], seconds: float) -> None:
        from rich.console import Console
        from rich.table import Table

        calls = ProviderCall.objects.filter(job__parent_id=batch.job_id).aggregate(
            input=Sum("input_tokens"), output=Sum("output_tokens"), cost=Sum("cost_micros"), calls=Count("pk")
        )
        table = Table(title=f"Batch {batch.pk}", title_justify="left")
        columns = {
            "generated": str(counts["succeeded"]),
            "skipped": str(counts["skipped"]),
            "failed": str(counts["failed"]),
            "cancelled": str(counts["cancelled"]),
            "pending": str(counts["pending"] + counts["running"]),
            "tokens": f"{(calls['input'] or 0) + (calls['output'] or 0):,}",
            "cost (USD)": f"{(calls['cost'] or 0) / MICROS:.4f}",
            "seconds": f"{seconds:.1f}",
        }
        for name in ("cancelled", "pending"):
            if columns[name] == "0":
                del columns[name]
        for name in columns:
            table.add_column(name, justify="right")
        table.add_row(*columns.values())
        Console(file=cast(IO[str], self.stdout), highlight=False).print(table)

    def _name_failures(self, batch: TemplateBatch, failed: int) -> None:
        if failed:
            codes = Job.objects.filter(parent_id=batch.job_id, status="failed").values_list("error_code")
            for code, count in codes.annotate(times=Count("pk")).order_by("-times")[:10]:
                self.stdout.write(f"  failed with {code}: {count}")

    def _name_unfinished(self, owner_id: UUID, batch: TemplateBatch) -> None:
        left = BatchItem.objects.filter(batch=batch, skip_reason=DocumentState.PENDING).count()
        if not left:
            return
        self.stdout.write(
            f"{left} documents are left to unfinished batches. Go on with them, or cancel them:"
        )
        active = {"job__status__in": ACTIVE, "job__cancel_requested_at": None}
        batches = TemplateBatch.objects.owned_by(owner_id).filter(**active).exclude(pk=batch.pk)
        for other in batches.order_by("created_at"):
            self.stdout.write(f"  manage.py generate_templates --resume {other.pk}")

    def _name_stale(self, owner_id: UUID, options: dict[str, Any]) -> None:
        stale = Document.objects.owned_by(owner_id).stale().order_by("title")
        total = stale.count()
        if not total:
            return
        self.stdout.write(f"{total} documents are stale: their project or template has changed since.")
        for document in stale.select_related("project", "content_template")[:SHOWN_STALE]:
            self.stdout.write(
                f"  {document.project.code} · {document.content_template.code} · {document.language} · {document.title}"
            )
        if total > SHOWN_STALE:
            self.stdout.write(f"  … and {total - SHOWN_STALE} more")
        self.stdout.write("Bring exactly those up to date with: manage.py generate_templates --only-stale")
