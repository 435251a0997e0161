"""How the program ends: interrupted, cut off by a closed pipe, or with a bug; and what it costs to start."""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic  # noqa: TID251 - how long an interrupt takes is the point

import pytest

from kubesvc import demo
from kubesvc.analyzer import engine
from tests.support.api_server import Answer, ApiServer, Asked
from tests.support.documents import healthy
from tests.support.program import Kubesvc, outcome, start


def fail(*_: object) -> None:
    """A bug."""
    raise KeyError("a\x1bb")


@pytest.mark.loopback
def test_an_unexpected_error_is_a_bug_with_status_70(
    kubesvc: Kubesvc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, how to report it, and no traceback."""
    monkeypatch.setattr(engine, "analyze", fail)
    with ApiServer() as server:
        result = kubesvc("explain", "web", "--server", server.url, "-o", "json")

    assert result.status == 70
    assert [line.partition(":")[0] for line in result.err.splitlines()] == ["error", "hint"]
    assert "\x1b" not in result.err
    assert json.loads(result.out)["exitStatus"] == 70


@pytest.mark.loopback
def test_a_bug_shows_where_it_is_with_debug(kubesvc: Kubesvc, monkeypatch: pytest.MonkeyPatch) -> None:
    """The traceback, cleaned."""
    monkeypatch.setattr(engine, "analyze", fail)
    with ApiServer() as server:
        result = kubesvc("explain", "web", "--server", server.url, "--debug")

    assert result.status == 70
    assert "Traceback" in result.err
    assert "\x1b" not in result.err


@pytest.mark.loopback
def test_ctrl_c_ends_at_once_with_status_130() -> None:
    """However long the server takes, and quietly."""

    def hang(_: Asked) -> Answer:
        server.closing.wait(20)
        return Answer(200, b"")

    with ApiServer(healthy(), {"services": hang}) as server:
        process = start("explain", "web", "-n", "shop", "--server", server.url)
        while not server.paths("services"):
            assert process.poll() is None
            os.sched_yield()
        begin = monotonic()
        process.send_signal(signal.SIGINT)
        result = outcome(process)
        seconds = monotonic() - begin
        server.closing.set()

    assert result == (130, "", "")
    assert seconds < 0.5  # 200 ms where nothing else runs


@pytest.mark.loopback
def test_a_slow_read_shows_progress_on_a_terminal_only() -> None:
    """After 300 ms, on stderr, and wiped out before the result."""
    slow = threading.Event()

    def wait(_: Asked) -> None:
        slow.wait(10)

    reader, writer = os.openpty()
    with ApiServer(healthy(), {"services": wait}) as server:
        process = start("explain", "web", "-n", "shop", "--server", server.url, stderr=writer)
        os.close(writer)
        shown = os.read(reader, 1000).decode()
        slow.set()
        result = outcome(process)
        with suppress(OSError):  # Linux reports the end of a terminal as an error
            shown += os.read(reader, 1000).decode()
        os.close(reader)

    assert shown.startswith("\rreading http://127.0.0.1:")
    assert shown.endswith(" \r")
    assert result.out.startswith("shop/web is healthy")


MISSING = "kubesvc/no/such/directory/that/anybody/would/have/made/for/it.yaml"


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        (
            "60",
            [
                "error: kubesvc/no/such/directory/that/anybody/would/have/mad",
                "       e/for/it.yaml: no such file or directory",
                "hint: Give a file that kubesvc capture wrote, or what",
                "      kubectl get -o yaml printed.",
            ],
        ),
        (
            "200",
            [
                f"error: {MISSING}: no such file or directory",
                "hint: Give a file that kubesvc capture wrote, or what kubectl get -o yaml printed.",
            ],
        ),
    ],
)
def test_an_error_fits_the_terminal_it_is_told_to(columns: str, lines: list[str]) -> None:
    """As the report does; what is continued stands below the words."""
    reader, writer = os.openpty()
    process = start("explain", "web", "--snapshot", MISSING, stderr=writer, COLUMNS=columns)
    os.close(writer)
    assert outcome(process).status == 2
    shown = os.read(reader, 1000).decode()
    os.close(reader)

    assert shown.splitlines() == lines


def test_an_error_is_one_line_in_a_pipe() -> None:
    """Whatever the terminal's width is."""
    told = outcome(start("explain", "web", "--snapshot", MISSING, COLUMNS="60")).err

    assert told.splitlines()[0] == f"error: {MISSING}: no such file or directory"
    assert len(told.splitlines()) == 2


def test_a_closed_pipe_is_quiet() -> None:
    """`kubesvc rules | head -0` is no error."""
    process = start("rules")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=20)

    assert (process.returncode, err) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_an_error() -> None:
    """What was not written must not pass for written."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "kubesvc", "rules"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 2
    assert done.stderr.startswith("error: the result could not be written: no space left on device\nhint: ")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("demo >&-", 0),
        ("demo 2>&-", 0),
        ("demo <&- >&- 2>&-", 0),
        ("explain --snapshot - <&-", 2),
        ("explain --snapshot - <&- >&- 2>&-", 2),
        ("capture --snapshot - --to - <&- >&-", 2),
    ],
)
def test_closed_streams_are_no_bug(line: str, status: int) -> None:
    """Daemons start programs that way: what would be said is lost, and nothing comes in."""
    shell = f'"{sys.executable}" -m kubesvc {line}'
    done = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True, check=False)

    assert done.returncode == status
    assert "internal error" not in done.stderr
    assert ("the file is empty" in done.stderr) == (status == 2 and "2>&-" not in line)


@pytest.mark.loopback
@pytest.mark.parametrize("option", ["--timeout", "--request-timeout"])
@pytest.mark.parametrize("time", ["99999999999999999999h", "9" * 400])
def test_any_number_of_hours_is_a_timeout(kubesvc: Kubesvc, option: str, time: str) -> None:
    """What a socket cannot wait for is as good as no limit."""
    result = kubesvc("explain", "web", option, time, "--server", "http://127.0.0.1:1")

    assert result.status == 2
    assert result.err.startswith("error: The connection to the server 127.0.0.1:1 was refused")


def test_what_stdout_cannot_encode_is_still_written() -> None:
    """Rules are described with an arrow or a dash here and there."""
    result = outcome(start("explain", "KSV101", "KSV401", PYTHONIOENCODING="ascii"))

    assert result.status == 0
    assert result.out.isascii()


def test_rules_lists_every_cause_and_explain_its_page(kubesvc: Kubesvc) -> None:
    """One line each; the page has its sections."""
    listed = kubesvc("rules")
    page = kubesvc("explain", "KSV101")

    assert (listed.status, page.status) == (0, 0)
    assert "KSV101  selector-matches-no-pod" in listed.out
    assert page.out.startswith("KSV101 selector-matches-no-pod\n\nReport ")
    assert "How to fix" in page.out


@pytest.mark.parametrize("arguments", [("rules",), ("explain", "KSV101", "KSV301")])
def test_what_is_known_of_rules_fits_a_terminal(kubesvc: Kubesvc, arguments: tuple[str, ...]) -> None:
    """Broken at blanks; in a pipe it is one line per item."""
    reader, writer = os.openpty()
    subprocess.run(
        [sys.executable, "-m", "kubesvc", *arguments],
        stdout=writer,
        env={**os.environ, "COLUMNS": "60"},
        check=True,
    )
    os.close(writer)
    shown = ""
    with suppress(OSError):  # Linux reports the end of a terminal as an error
        while part := os.read(reader, 10_000):
            shown += part.decode()
    os.close(reader)
    piped = kubesvc(*arguments).out

    assert max(map(len, shown.splitlines())) <= 60
    assert shown.split() == piped.split()
    assert len(piped.splitlines()) < len(shown.splitlines())


def test_an_unknown_case_lists_the_known_ones(kubesvc: Kubesvc) -> None:
    """Status 2."""
    result = kubesvc("demo", "nope")

    assert result.status == 2
    assert f"hint: Cases: {', '.join(demo.cases())}." in result.err


def test_demo_explains_the_course_case_without_a_cluster(kubesvc: Kubesvc) -> None:
    """A broken Service, and status 0."""
    result = kubesvc("demo")

    assert result.status == 0
    assert "my-service is broken" in result.out


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (("--help",), {"kubernetes", "urllib3", "rich", "pydantic", "ssl", "kubesvc.analyzer.engine"}),
        (("explain", "--help"), {"kubernetes", "urllib3", "rich", "pydantic", "ssl", "msgspec"}),
        (("rules",), {"kubernetes", "urllib3", "rich", "pydantic", "ssl", "kubesvc.renderer.text"}),
        (("demo", "nope"), {"kubernetes", "urllib3", "rich", "pydantic", "ssl"}),
        (("explain", "web", "--server", "http://127.0.0.1:1"), {"kubernetes", "urllib3", "rich", "pydantic"}),
    ],
)
def test_nothing_heavy_is_imported_without_need(arguments: tuple[str, ...], absent: set[str]) -> None:
    """Start-up is most of what a fast command costs."""
    result = outcome(start(*arguments, python=("-X", "importtime")))
    imported = {line.rpartition("|")[2].strip() for line in result.err.splitlines() if "import time:" in line}

    assert "kubesvc.cli.app" in imported
    assert not imported & absent
