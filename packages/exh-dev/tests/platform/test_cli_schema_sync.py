"""What the official CLI (`data schemas sync`) sends when a schema's file changes, in the order it sends it.

Properties are added, changed and removed first; then come statuses and transitions; indexes come last, first those to
drop, then those to make. What is compared is what the platform answers, so a refusal half-way would be met again at
each later sync.
"""

import pytest

INDEX = {"fields": [{"name": "data.patient", "type": "asc"}], "options": {}}
TEXT, NUMBER = {"type": "string"}, {"type": "number"}


class Sync:
    """Brings a schema to what a file says, as the CLI does."""

    def __init__(self, app):
        self._app = app
        self.writes = []

    def run(self, file):
        """Send what it takes, and return the methods of the writes, in order."""
        self.writes = []
        found = self._send("GET", f"?eq(name,{file['name']})")["data"]
        schema = found[0] if found else self._write("POST", "", {name: file[name] for name in ("name", "description")})
        path = f"/{schema['id']}"
        self._properties(path, file["properties"], schema["properties"])
        self._indexes(path, file.get("indexes", []), schema["indexes"])
        return self.writes

    def _properties(self, path, wanted, there):
        for name in wanted.keys() - there.keys():
            self._write("POST", f"{path}/properties", {"name": name, "configuration": wanted[name]})
        for name in wanted.keys() & there.keys():
            if wanted[name] != there[name]:
                self._write("PUT", f"{path}/properties/{name}", wanted[name])
        for name in there.keys() - wanted.keys():
            self._write("DELETE", f"{path}/properties/{name}")

    def _indexes(self, path, wanted, there):
        own = {each["id"]: {name: each[name] for name in INDEX} for each in there if each["system"] is False}
        for identifier, index in own.items():
            if index not in wanted:
                self._write("DELETE", f"{path}/indexes/{identifier}")
        for index in wanted:
            if index not in own.values():
                self._write("POST", f"{path}/indexes", index)

    def _write(self, method, path, body=None):
        self.writes.append(method)
        return self._send(method, path, **({} if body is None else {"json": body}))

    def _send(self, method, path, **options):
        answer = self._app.as_user(method, f"/data/v1{path or '/'}", **options)
        assert answer.status_code == 200, f"{method} {path}: {answer.text}"
        return answer.json()


def file(properties, *indexes):
    return {"name": "pulse", "description": "Heart rate", "properties": properties, "indexes": list(indexes)}


@pytest.fixture
def sync(app):
    sync = Sync(app)
    sync.run(file({"patient": TEXT, "rate": NUMBER}, INDEX))
    return sync


def found(app, query):
    answer = app.as_user("GET", f"/data/v1/pulse/documents?{query}")
    assert answer.status_code == 200, answer.text
    return [each["data"] for each in answer.json()["data"]]


def make(app, **data):
    answer = app.as_user("POST", "/data/v1/pulse/documents", json=data)
    assert answer.status_code == 200, answer.text


def test_a_property_and_its_index_go_in_one_sync(app, sync):
    make(app, patient="Ann", rate=70)
    for _ in range(2):  # and come back
        assert sync.run(file({"rate": NUMBER})) == ["DELETE", "DELETE"]
        assert sync.run(file({"rate": NUMBER})) == []
        make(app, rate=71)
        assert len(sync.run(file({"patient": TEXT, "rate": NUMBER}, INDEX))) == 2
        assert [each["rate"] for each in found(app, "eq(data.patient,Ann)")] == [70]


def test_a_property_goes_while_its_index_stays(app, sync):
    make(app, patient="Ann", rate=70)
    assert sync.run(file({"rate": NUMBER}, INDEX)) == ["DELETE"]
    assert sync.run(file({"rate": NUMBER}, INDEX)) == []
    make(app, rate=71)
    assert [each["rate"] for each in found(app, "eq(data.patient,Ann)")] == [70]
    assert [each["rate"] for each in found(app, "excludes(data.patient)")] == [71]


def test_an_indexed_property_changes_its_type_in_one_sync(app, sync):
    make(app, patient="Ann", rate=70)
    for configuration in (NUMBER, TEXT, NUMBER, {"type": "array", "items": TEXT}, {"type": "object"}):
        changed = file({"patient": configuration, "rate": NUMBER}, INDEX)
        assert sync.run(changed) == ["PUT"]
        assert sync.run(changed) == []
        assert [each["rate"] for each in found(app, "eq(data.rate,70)")] == [70]


def test_an_index_on_what_changed_its_type_serves_what_still_fits(app, sync):
    make(app, patient="Ann", rate=70)
    sync.run(file({"patient": NUMBER, "rate": NUMBER}, INDEX))
    make(app, patient=7, rate=71)
    assert [each["rate"] for each in found(app, "ge(data.patient,5)")] == [71]
    assert [each["rate"] for each in found(app, "eq(data.patient,7)")] == [71]
    sync.run(file({"patient": TEXT, "rate": NUMBER}, INDEX))
    assert [each["rate"] for each in found(app, "le(data.patient,Bob)")] == [70]


def test_a_unique_index_holds_until_it_is_dropped(app, sync):
    unique = {**INDEX, "options": {"unique": True}}
    sync.run(file({"patient": TEXT, "rate": NUMBER}, unique))
    make(app, patient="Ann")
    sync.run(file({"patient": {**TEXT, "maxLength": 40}, "rate": NUMBER}, unique))
    again = app.as_user("POST", "/data/v1/pulse/documents", json={"patient": "Ann"})
    assert (again.status_code, again.json()["code"]) == (400, 17)
    sync.run(file({"patient": NUMBER, "rate": NUMBER}))
    make(app, patient=1)
    make(app, patient=1)
