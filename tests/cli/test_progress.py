"""Progress and interruption as people and log files see them."""

import io
import os
import signal
import threading

import pytest

from kevasync.cli.interrupt import Interrupt
from kevasync.cli.progress import LineProgress, NoProgress, Steps, TerminalProgress, make_progress
from kevasync.cli.render import Screen, safe


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def test_log_lines_tell_rows_rate_time_left_and_calls():
    """Without a terminal a step says how far it is every ten seconds, and how it ended."""
    now = [0.0]
    stream = io.StringIO()
    progress = LineProgress(stream, clock=lambda: now[0])
    progress.start("Extract keva", 1000)
    now[0] = 5.0
    progress.advance(100)
    now[0] = 10.0
    progress.advance(100, api_calls=2)
    now[0] = 50.0
    progress.done()
    progress.done()
    lines = [line.split(" ", 1)[1] for line in stream.getvalue().splitlines()]
    assert lines == [
        "step=extract-keva state=started total=1000",
        "step=extract-keva state=running rows=200 total=1000 rate=20/s left=40s api_calls=2",
        "step=extract-keva state=done rows=200 total=1000 rate=4/s api_calls=2 seconds=50.0",
    ]


def test_steps_tell_no_rate_of_nought():
    """A step that tells its rows at its end has done them all by then; one that counts none says so by silence."""
    now = [0.0]
    stream = io.StringIO()
    progress = LineProgress(stream, clock=lambda: now[0])
    steps = Steps(progress)
    steps("read", None)
    now[0] = 1.0
    steps("block", 500)
    now[0] = 3.0
    steps.done()
    progress.done()
    lines = [line.split(" ", 1)[1] for line in stream.getvalue().splitlines()]
    assert lines == [
        "step=read state=started",
        "step=read state=done seconds=1.0",
        "step=block state=started total=500",
        "step=block state=done rows=500 total=500 rate=250/s seconds=2.0",
    ]


def test_a_terminal_gets_a_bar():
    """On a terminal the figures stand beside the bar."""
    stream = Terminal()
    progress = make_progress(stream, quiet=False, color=False)
    assert isinstance(progress, TerminalProgress)
    progress.start("Apply", 2000)
    progress.advance(1500, api_calls=7)
    progress.done()
    assert "1,500/2,000 rows" in stream.getvalue()
    assert "7 API calls" in stream.getvalue()


def test_quiet_says_nothing():
    """--quiet silences progress."""
    assert isinstance(make_progress(io.StringIO(), quiet=True, color=False), NoProgress)


def test_advancing_from_threads_loses_no_row():
    """Several uploads may report at once."""
    stream = io.StringIO()
    progress = LineProgress(stream)
    progress.start("apply", None)
    threads = [threading.Thread(target=lambda: [progress.advance(1) for _ in range(2000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    progress.done()
    assert "rows=8000" in stream.getvalue()


def test_first_ctrl_c_asks_second_stops(tmp_path):
    """The first signal only sets the flag and says so; the second raises; disarm gives the handler back."""
    before = signal.getsignal(signal.SIGINT)
    with (tmp_path / "err").open("w+") as stream:
        stop = Interrupt(stream).arm()
        try:
            assert not stop()
            os.kill(os.getpid(), signal.SIGTERM)
            assert stop()
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
        finally:
            stop.disarm()
        stream.seek(0)
        assert "Press Ctrl-C again" in stream.read()
    assert signal.getsignal(signal.SIGINT) is before


def test_values_cannot_play_with_the_terminal():
    """Escape sequences and direction overrides in a record are shown, not obeyed; markup is plain text."""
    assert safe("a\x1b[31mb\u202ec") == "a\\x1b[31mb\\x202ec"
    stream = io.StringIO()
    Screen(stream).table(["name", "n"], [["[red]Ann[/red]", 1], ["日本", 22], ["x" * 200, None]], right=["n"])
    lines = stream.getvalue().splitlines()
    assert lines[0].split() == ["name", "n"]
    assert "[red]Ann[/red]" in lines[1]
    assert "x" * 200 in lines[3]
