from __future__ import annotations

from typing import Any

import pytest

from forgewall.cli.parsing import Parser, examples, hint


def test_paragraphs_wrap_and_examples_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    long = "forgewall events --since 2026-11-01 --until 2026-12-01 --address github.com/acme"
    epilog = "\n".join(["word " * 30, "", examples(("forgewall x", "short"), (long, "long"))])
    text = Parser(prog="forgewall", epilog=epilog).format_help()
    assert f"\n  {long}\n      long\n" in text
    assert "\n  forgewall x\n      short\n" in text
    assert all(len(line) <= 60 for line in text.splitlines() if long not in line)


def test_short_examples_stand_beside_what_they_do() -> None:
    assert examples(("forgewall cases", "what waits"), ("forgewall x", "y")) == (
        "examples:\n  forgewall cases  what waits\n  forgewall x      y"
    )


def test_only_near_words_are_proposed() -> None:
    assert hint("evnts", ["events", "cases"]) == "; did you mean `events`?"
    assert hint("zzz", ["events", "cases"]) == ""


def test_a_wrong_choice_is_a_sentence(capsys: Any) -> None:
    parser = Parser(prog="x")
    parser.add_argument("--depth", choices=["full", "headers"])
    with pytest.raises(SystemExit, match="2"):
        parser.parse_args(["--depth", "ful"])
    assert capsys.readouterr().err.startswith("x: `ful` is no depth; did you mean `full`?\n")
