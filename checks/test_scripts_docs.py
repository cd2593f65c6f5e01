"""The tour for scripts and notebooks runs, against the local platform."""

import runpy

from doc_blocks import check_blocks

NUMBER = {"type": "number"}


def test_each_code_block_is_the_file_it_names(project_root):
    check_blocks(project_root, "scripts-and-notebooks.md", "tour")


def test_the_tour_prints_what_it_finds(project_root, platform, exh, monkeypatch, capsys):
    schema = exh.data.schemas.create(name="blood-pressure", description="Blood pressure")
    for name in ("systolic", "diastolic"):
        exh.data.properties.create(schema["id"], name=name, configuration=NUMBER)
    high = exh.data.documents.create("blood-pressure", {"systolic": 160, "diastolic": 100})
    exh.data.documents.create("blood-pressure", {"systolic": 120, "diastolic": 80})
    for name, value in platform.environment().items():
        monkeypatch.setenv(name, value)
    runpy.run_path(str(project_root / "docs" / "snippets" / "tour_notebook.py"))
    calling, count, *table, created, notes, users = capsys.readouterr().out.splitlines()
    assert calling == f"calling as {platform.credentials.user_id}"
    assert count == "1 high measurements, of which 1 are on this page"
    assert table == ["id,systolic,diastolic", f"{high['id']},160,100"]
    assert created.endswith("with the status new")
    assert notes == "taken after exercise"
    assert users.endswith(" users")
