"""How a study is run at a terminal: what it will do, how long that takes, and how far it is."""

from typing import TYPE_CHECKING

from rich.text import Text

from headstart.cli.console import console, say, tell

if TYPE_CHECKING:
    from headstart.execution import StudyRun

__all__ = ["run_study_here"]


def run_study_here(title: str, study: "StudyRun") -> None:
    """Say what is going to be done, and what the user may not have meant; then do it."""
    from headstart.progress import describe_overrun, duration, watch_jobs, when

    console.print(Text.assemble((title, "bold"), f": {study.describe()}"))
    for guess in study.guesses:
        say(f"guessed {guess}")
    seconds, overrun = study.expected_seconds(), study.overrun()
    for note in (*study.notes, *([describe_overrun(overrun)] if overrun else [])):
        tell("note", note)
    if study.missing:
        say(f"about {duration(seconds)}, until {when(seconds)}; the log is {study.log}")
    with watch_jobs(console, seconds) as (listen, expect):
        study.execute(listen, expect)
