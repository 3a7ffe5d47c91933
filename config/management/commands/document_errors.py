"""`manage.py document_errors`: write docs/errors.md from the registry of codes."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.errors import REGISTRY, AppError

HEAD = """\
# Error codes · 错误代码

Made by `manage.py document_errors` from the registry of codes; a test keeps it equal. Codes are stable: programs may
depend on them, the sentences are for people and follow `Accept-Language`. `retryable` says whether the same request
may succeed later. How errors look on the wire is described in the API's schema (`/docs`).

本表由 `manage.py document_errors` 根据错误代码注册表生成，并由测试保证一致。代码稳定，可供程序依赖；
说明文字供人阅读，语言取决于 `Accept-Language`。`retryable` 表示同一请求稍后是否可能成功。
"""


class Command(BaseCommand):
    help = "Write the table of error codes to docs/errors.md (--check: only say whether it is up to date)."
    path = Path(settings.BASE_DIR) / "docs" / "errors.md"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing; fail when the file is out of date"
        )

    def handle(self, *args: Any, check: bool = False, **options: Any) -> None:
        text = document()
        if not check:
            self.path.write_text(text, encoding="utf-8")
            self.stdout.write(
                f"Wrote {len(house_errors())} codes to {self.path.relative_to(settings.BASE_DIR)}"
            )
        elif not self.path.exists() or self.path.read_text(encoding="utf-8") != text:
            raise CommandError("docs/errors.md is out of date: run manage.py document_errors")


def house_errors() -> list[type[AppError]]:
    """All registered errors of installed apps, by app and code; the kernel's first."""
    names = [config.name for config in apps.get_app_configs() if not config.name.startswith("tests.")]
    for name in names:
        if find_spec(f"{name}.errors"):
            import_module(f"{name}.errors")
    found = [error for error in REGISTRY.values() if app_of(error) in names]
    return sorted(found, key=lambda error: (app_of(error) != "config", app_of(error), error.code))


def app_of(error: type[AppError]) -> str:
    return error.__module__.partition(".")[0]


def document() -> str:
    lines = [HEAD]
    app = ""
    for error in house_errors():
        if app_of(error) != app:
            app = app_of(error)
            lines += [
                f"\n## {app}\n",
                "| code | HTTP | retryable | English | 中文 |",
                "| --- | --- | --- | --- | --- |",
            ]
        retryable = "yes" if error.retryable else "no"
        lines.append(
            f"| `{error.code}` | {error.status} | {retryable} | {cell(error.en)} | {cell(error.zh)} |"
        )
    return "\n".join(lines) + "\n"


def cell(sentence: str) -> str:
    return sentence.replace("|", "\\|").replace("<", "&lt;")
