"""The environment is read once, typed, and everything wrong with it is said in one message."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from config.dotenv import parse
from config.env import ROOT, Env, EnvironmentProblem
from launcher.supervisor.plan import declare


def env_of(tmp_path: Path, text: str = "", **environ: str) -> Env:
    dotenv = tmp_path / ".env"
    dotenv.write_text(text, "utf-8")
    return Env(environ, dotenv)


def message_of(env: Env) -> str:
    with pytest.raises(EnvironmentProblem) as caught:
        env.done()
    return str(caught.value)


def test_each_reader_returns_its_type(tmp_path: Path) -> None:
    env = env_of(
        tmp_path,
        NAME="工坊 🏭",
        KEY="s3cret",
        ON="Yes",
        OFF="0",
        COUNT="12",
        RATIO="0.5",
        HOSTS=" a.example, b.example ,,",
        DATABASE="postgres://u:p@db:5432/atelier",
    )
    assert env.str("NAME") == "工坊 🏭"
    assert env.secret("KEY") == "s3cret"
    assert env.bool("ON") is True
    assert env.bool("OFF") is False
    assert env.int("COUNT") == 12
    assert env.float("RATIO") == 0.5
    assert env.list("HOSTS") == ["a.example", "b.example"]
    assert env.url("DATABASE", schemes=("postgres", "sqlite")) == "postgres://u:p@db:5432/atelier"
    env.done()


def test_what_is_not_set_takes_its_default(tmp_path: Path) -> None:
    env = env_of(tmp_path)
    assert env.str("A", "x") == "x"
    assert env.secret("B", "") == ""
    assert env.bool("C", True) is True
    assert env.int("D", 7, max=9) == 7
    assert env.float("E", 1.5) == 1.5
    assert env.list("F", ["zh", "en"]) == ["zh", "en"]
    assert env.url("G", "") == ""
    env.done()


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    env = env_of(
        tmp_path,
        PORT="eight",
        SHARE="2",
        LEVEL="LOUD",
        DEBUG="maybe",
        SPEED="nan",
        DB="mysql://db/x",
        ORDER="openia",
    )
    env.int("PORT", 8000, help="Where the web server listens.")
    env.float("SHARE", 0.5, max=1)
    env.str("LEVEL", "INFO", choices=("INFO", "DEBUG"))
    env.bool("DEBUG", False)
    env.float("SPEED", 1.0)
    env.url("DB", "sqlite:///x", schemes=("postgres", "sqlite"))
    env.list("ORDER", (), choices=("openai", "deepseek"))
    env.secret("JWT_SECRET", help="Signs the tokens.")
    env.problem("STORAGE=s3 needs S3_BUCKET.", fix="Name the bucket.")
    text = message_of(env)
    assert text.startswith("The environment has 9 problems:")
    for line in (
        "PORT: must be a whole number, but it is 'eight' (in the environment).",
        "Where the web server listens.",
        "SHARE: must be at most 1, but it is '2'",
        "LEVEL: must be one of INFO, DEBUG, but it is 'LOUD'",
        "DEBUG: must be true or false, but it is 'maybe'",
        "SPEED: must be a number",
        "DB: must begin with postgres:// or sqlite://",
        "ORDER: may only hold openai, deepseek, but it is 'openia'",
        "JWT_SECRET: is required but not set.",
        "Signs the tokens.",
        "STORAGE=s3 needs S3_BUCKET.",
        "Name the bucket.",
    ):
        assert line in text


@pytest.mark.parametrize(
    "bad", ["db.example", "postgres://", "postgres://db:99999/x", "//db/x", "postgres:db"]
)
def test_a_url_must_be_absolute(tmp_path: Path, bad: str) -> None:
    env = env_of(tmp_path, DB=bad)
    env.url("DB", schemes=("postgres",))
    assert "DB:" in message_of(env)


@pytest.mark.parametrize(
    "good", ["sqlite:///var/atelier.sqlite3", "unix:///run/valkey.sock", "redis://:p@[::1]:6379/0"]
)
def test_urls_of_files_and_sockets_need_no_host(tmp_path: Path, good: str) -> None:
    env = env_of(tmp_path, DB=good)
    assert env.url("DB", schemes=("sqlite", "unix", "redis")) == good
    env.done()


def test_no_secret_and_no_url_is_ever_shown(tmp_path: Path) -> None:
    env = env_of(
        tmp_path,
        JWT_SECRET="hunter2",
        REDIS_URL="http://:hunter2@host:port/0",
        DATABASE_URL="ftp://u:hunter2@h/x",
    )
    env.secret("JWT_SECRET", min_length=32)
    env.url("REDIS_URL", "")
    env.url("DATABASE_URL", schemes=("postgres",))
    text = message_of(env)
    assert "JWT_SECRET: is too short: 7 characters, at least 32 are needed" in text
    assert "hunter2" not in text


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "jwt"
    secret.write_text("钥匙-0123456789\n", "utf-8")
    env = env_of(tmp_path, JWT_SECRET_FILE=str(secret), REDIS_URL_FILE=str(tmp_path / "absent"))
    assert env.secret("JWT_SECRET") == "钥匙-0123456789"
    env.url("REDIS_URL")
    text = message_of(env)
    assert "The environment has 1 problem:" in text
    assert f"REDIS_URL: can't be read from {tmp_path / 'absent'}: No such file or directory." in text


def test_a_value_and_its_file_contradict_each_other(tmp_path: Path) -> None:
    env = env_of(tmp_path, KEY="a", KEY_FILE="/run/secrets/key")
    env.secret("KEY", "")
    assert env.is_set("KEY")
    assert message_of(env).count("KEY: is set twice in the environment, directly and by KEY_FILE.") == 1


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    env = env_of(tmp_path, "PORT=1\nNAME=a\nREDIS_URL=redis://old:1/0\n", PORT="2", REDIS_URL="", KEY_FILE="")
    assert env.int("PORT", 0) == 2
    assert env.str("NAME") == "a"
    assert env.url("REDIS_URL", "") == "", "present but empty means not set, and hides the file's line"
    assert [name for name in ("PORT", "NAME", "REDIS_URL") if env.is_set(name)] == ["PORT", "NAME"]


def test_the_file_may_be_named_or_switched_off(tmp_path: Path) -> None:
    other = tmp_path / "生产.env"
    other.write_text("NAME=prod", "utf-8")
    assert Env({"ENV_FILE": str(other)}).str("NAME") == "prod"
    assert Env({"ENV_FILE": ""}).str("NAME", "none") == "none"


def test_env_files_are_read_as_shells_write_them() -> None:
    text = "\n".join(
        [
            "# comment",
            "A=plain # and a comment",
            "export B = 'single # $HOME \\n'",
            'C="line\\nnext \\"quoted\\" \\\\"   # comment',
            "D=a#b",
            "E=",
            "F=# nothing",
            "文件=x",
            "G='open",
            'H="a" b',
            "just words",
            "I=中文 值\r",
        ]
    )
    values, bad_lines = parse(text)
    assert values == {
        "A": "plain",
        "B": "single # $HOME \\n",
        "C": 'line\nnext "quoted" \\',
        "D": "a#b",
        "E": "",
        "F": "",
        "I": "中文 值",
    }
    assert bad_lines == [8, 9, 10, 11]


def test_lines_that_cannot_be_understood_are_named_but_not_quoted(tmp_path: Path) -> None:
    env = env_of(tmp_path, 'OK=1\nTOKEN="hunter2\n')
    text = message_of(env)
    assert ".env, line 2 can't be understood." in text
    assert "hunter2" not in text


def test_a_file_in_another_encoding_is_reported(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes("NAME=工坊".encode("gbk"))
    assert "it is not UTF-8 text" in message_of(Env({}, dotenv))


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes("\ufeffNAME=工坊\r\n".encode())
    assert Env({}, dotenv).str("NAME") == "工坊"


def test_a_likely_typo_in_the_file_is_reported(tmp_path: Path) -> None:
    env = env_of(tmp_path, "DATABSE_URL=sqlite:///x\nPOSTGRES_PASSWORD=for-compose\nS3_REGION=cn\n")
    env.url("DATABASE_URL", "sqlite:///y")
    env.str("AWS_REGION", "")
    text = message_of(env)
    assert "Did you mean DATABASE_URL?" in text
    assert "POSTGRES_PASSWORD" not in text
    assert "S3_REGION" not in text


def test_every_setting_asked_for_is_declared(tmp_path: Path) -> None:
    env = env_of(tmp_path)
    env.int("PORT", 8000, help="Where the web server listens.")
    env.int("PORT", 9000)
    env.secret("JWT_SECRET")
    port, secret = env.declared["PORT"], env.declared["JWT_SECRET"]
    assert (port.kind, port.default, port.help, port.is_secret) == (
        "int",
        8000,
        "Where the web server listens.",
        False,
    )
    assert (secret.kind, secret.default, secret.is_secret, secret.is_required) == ("secret", None, True, True)


# .env.example

EXAMPLE = re.compile(r"^#(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)$", re.MULTILINE)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: Their real default is a path on the machine, or for development only: the file shows an empty or relative one.
NOT_SHOWN = {"VAR_DIR", "DATABASE_URL", "EXPORT_DIR", "SECRET_KEY"}


settings_env: Env = import_module("config.settings.base").env


def example() -> str:
    return (ROOT / ".env.example").read_text("utf-8")


def asked_for() -> set[str]:
    """The names that any settings module or the supervisor reads, found in their source."""
    reader = re.compile(
        r"\b(?:env|Env\(\))\.(?:str|secret|bool|int|float|list|url|networks)\(\s*\"([A-Z0-9_]+)\""
    )
    sources = [path for package in ("config", "launcher") for path in (ROOT / package).rglob("*.py")]
    return {name for path in sources for name in reader.findall(path.read_text("utf-8"))}


def test_the_example_names_every_setting_and_no_other() -> None:
    names = [match["name"] for match in EXAMPLE.finditer(example())]
    assert len(names) == len(set(names))
    assert set(names) == asked_for()


def test_what_the_settings_declare_is_what_their_source_asks_for() -> None:
    own = Env({"ENV_FILE": ""})
    declare(own)
    assert {*settings_env.declared, *own.declared} <= asked_for()
    others = asked_for() - {*settings_env.declared, *own.declared, "DJANGO_SETTINGS_MODULE"}
    assert all(name.startswith("SECURE_") for name in others), "read by prod.py only"


def test_the_example_shows_the_defaults() -> None:
    uncommented = EXAMPLE.sub(r"\g<name>=\g<value>", example())
    values, bad_lines = parse(uncommented)
    assert bad_lines == []
    own = Env({"ENV_FILE": ""})
    declare(own)
    for name, setting in {**settings_env.declared, **own.declared}.items():
        if name in NOT_SHOWN:
            continue
        default = setting.default
        shown = ",".join(default) if isinstance(default, list) else str(default)
        assert values[name] == (shown.lower() if isinstance(default, bool) else shown), name


def test_the_example_explains_each_setting_in_both_languages() -> None:
    for block in re.split(r"\n\s*\n", example()):
        if match := EXAMPLE.search(block):
            comments = [line for line in block[: match.start()].splitlines() if line.startswith("# ")]
            assert any(CHINESE.search(line) for line in comments), match["name"]
            assert any(not CHINESE.search(line) for line in comments), match["name"]
