import errno
import sqlite3

import pytest

from exh_dev.errors import DevkitError
from exh_dev.platform.dev.first_start import first_credentials
from exh_dev.platform.storage.store import Store
from exh_dev.serve.local_platform import LocalPlatform


def test_the_details_hold_an_oauth2_client_that_works(platform):
    import requests

    known = platform.details()
    body = {"grant_type": "password", "username": known["email"], "password": known["password"]}
    body |= {"client_id": known["oauth2_client_id"], "client_secret": known["oauth2_client_secret"]}
    answer = requests.post(f"{known['host']}/auth/v2/oauth2/tokens", json=body, timeout=5)
    assert (answer.status_code, answer.json()["user_id"]) == (200, known["user_id"])


def test_no_secret_is_in_the_repr(platform):
    known = platform.credentials
    shown = repr(known)
    for secret in (known.password, known.oauth2_client_secret, known.consumer_secret, known.token_secret, known.token):
        assert secret not in shown
    assert known.user_id in shown


def test_missing_records_of_an_earlier_version_are_created_and_the_rest_kept(tmp_path):
    path = tmp_path / "platform.db"
    store = Store(path)
    before = first_credentials(store)
    record = store.get("first_start", "credentials")
    store.put("first_start", {name: value for name, value in record.items() if not name.startswith("oauth2_")})
    user = store.get("users", before.user_id)
    store.put("users", {name: value for name, value in user.items() if name != "password_hash"})
    store.close()

    seen = []
    for _ in range(2):
        store = Store(path)
        seen.append(first_credentials(store))
        assert "password_hash" in store.get("users", before.user_id)
        store.close()
    assert seen[0] == seen[1]
    kept = ("consumer_key", "consumer_secret", "token", "token_secret", "password", "user_id", "application_id")
    assert all(getattr(seen[0], name) == getattr(before, name) for name in kept)
    assert seen[0].oauth2_client_id != before.oauth2_client_id


def test_records_of_a_later_version_are_unchanged():
    store = Store()
    known = first_credentials(store)
    store.put("first_start", {**store.get("first_start", "credentials"), "more": "x"})
    assert first_credentials(store) == known
    store.close()


def test_a_first_start_cut_short_begins_again(tmp_path, monkeypatch):
    from exh_dev.platform.dev import first_start

    store = Store(tmp_path / "platform.db")
    with monkeypatch.context() as patched:
        patched.setattr(first_start, "hash_password", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            first_credentials(store)
    assert store.get("first_start", "credentials") is None
    assert first_credentials(store).email
    store.close()


def damage(path):
    """Keep the header, so that it opens, and spoil the rest."""
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xff" * (len(content) - 100))


@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(b"not a database" * 100), damage])
def test_a_file_that_is_not_a_database_is_refused_with_what_to_do(tmp_path, spoil):
    with LocalPlatform(data_dir=tmp_path):
        pass
    path = tmp_path / "platform.db"
    spoil(path)
    with pytest.raises(DevkitError, match="cannot be used as the platform's database .*--data-dir") as raised:
        LocalPlatform(data_dir=tmp_path)
    assert str(path) in str(raised.value)
    path.unlink()
    for each in tmp_path.glob("platform.db-*"):
        each.unlink()
    with LocalPlatform(data_dir=tmp_path):  # nothing is held on to
        pass


@pytest.mark.parametrize(
    ("error", "way_out"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "make room on its disk"),
        (sqlite3.OperationalError("database or disk is full"), "make room on its disk"),
        (sqlite3.OperationalError("database is locked"), "end the process that uses it"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "look at the permissions"),
        (PermissionError(errno.EACCES, "Permission denied"), "look at the permissions"),
    ],
)
def test_only_a_damaged_database_has_to_go(tmp_path, monkeypatch, error, way_out):
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(sqlite3, "connect", refuse)
    with pytest.raises(DevkitError, match=f"; {way_out}.*--data-dir") as raised:
        Store(tmp_path / "platform.db")
    assert "move it away" not in str(raised.value)


def test_damaged_documents_are_refused_too(tmp_path):
    store = Store(tmp_path / "platform.db")
    first_credentials(store)
    store._connection.executescript(
        "DROP INDEX IF EXISTS users_email; UPDATE documents SET body = '{' WHERE collection = 'first_start'"
    )
    store.close()
    store = Store(tmp_path / "platform.db")
    with pytest.raises(DevkitError, match="cannot be used"):
        first_credentials(store)
    store.close()


def test_a_database_that_is_a_directory_is_refused(tmp_path):
    (tmp_path / "platform.db").mkdir()
    with pytest.raises(DevkitError, match="cannot be used"):
        LocalPlatform(data_dir=tmp_path)


def test_the_first_user_may_do_what_an_earlier_version_did_not_know():
    store = Store()
    user = store.get("users", first_credentials(store).user_id)
    role = store.get("roles", user["role_ids"][0])
    store.put("roles", {**role, "permissions": role["permissions"][:3]})
    first_credentials(store)
    assert store.get("roles", role["id"]) == role
    store.close()
