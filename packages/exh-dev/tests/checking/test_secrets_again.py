"""Which files the scan for secrets goes through again."""

from pathlib import Path

from exh_dev.checking import secrets
from exh_dev.checking.secrets import SecretScan
from exh_dev.project.project import Project


def files_to_scan(root):
    """Those that are not known to be clean, by their names."""
    scan = SecretScan(Project(root))
    known = set((root / ".exh-dev" / "free-of-secrets").read_text().split())
    return sorted(Path(path).name for digest, path in scan._digests.items() if digest not in known)


def test_a_file_is_scanned_again_when_it_changes_and_all_when_the_rules_do(project, monkeypatch):
    root = project.root
    assert files_to_scan(root) == []
    handler = next((root / "handlers").rglob("*.py"))
    handler.write_text(handler.read_text() + "\n")
    assert files_to_scan(root) == [handler.name]
    monkeypatch.setattr(secrets, "rules", lambda: "others")
    assert len(files_to_scan(root)) > 1
