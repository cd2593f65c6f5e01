"""Commits have a subject of one line, and a body with the reason."""

import subprocess

import pytest

SINCE = "2026-11-29T05:00:00+00:00"  # earlier ones were made by other rules
LONGEST = 72  # characters, so that `git log --oneline` fits into a terminal


@pytest.fixture(scope="module")
def commits(project_root):
    command = ["git", "log", "--no-merges", f"--since={SINCE}", "--format=%h%x00%s%x00%b%x01"]
    done = subprocess.run(command, cwd=project_root, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no git repository")
    return [each.strip("\n").split("\0") for each in done.stdout.split("\1") if each.strip("\n")]


def test_a_subject_is_one_short_line(commits):
    assert [(name, subject) for name, subject, _ in commits if len(subject) > LONGEST or subject.endswith(".")] == []


def test_a_body_says_why(commits):
    assert [(name, subject) for name, subject, body in commits if not body.strip()] == []
