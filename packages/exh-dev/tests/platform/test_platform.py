import socket
import sqlite3
import stat
from contextlib import closing

import pytest
import requests

from exh_dev.errors import DevkitError, UsageError
from exh_dev.platform.storage.database import DataFormatError
from exh_dev.platform.storage.store import Store
from exh_dev.serve.app import create_app
from exh_dev.serve.local_platform import LocalPlatform
from exh_dev.serve.prompt_server import PromptServer
from exh_dev.serve.server import listen
from exh_dev.testing import client_of
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.errors import PlatformError, UserNotAuthenticatedError


def get(platform, path, **kwargs):
    return requests.get(f"{platform.url}{path}", timeout=5, **kwargs)


def test_me_is_the_first_user_with_every_permission(platform, platform_credentials):
    me = ExtraHorizon(platform_credentials).users.me()
    assert me["id"] == platform.credentials.user_id
    assert me["email"] == platform.credentials.email
    assert isinstance(me["creation_timestamp"], int)
    permissions = {each["name"] for each in me["roles"][0]["permissions"]}
    assert {"VIEW_USER", "CREATE_DOCUMENTS", "EXECUTE_TASK_FUNCTION"} <= permissions
    assert platform.credentials.password not in str(me)


def test_the_health_of_each_service_needs_no_authentication_and_has_no_body(platform):
    with closing(Store()) as store:
        bases = [service.base for service in create_app(store).services]
    assert {"/auth/v2", "/users/v1"} < set(bases)
    for base in bases:
        answer = get(platform, f"{base}/health")
        assert (base, answer.status_code, answer.content) == (base, 200, b"")


def test_trailing_slashes_do_not_matter(platform_credentials):
    session = ExtraHorizon(platform_credentials).session
    assert session.get("/users/v1/me/").json() == session.get("/users/v1/me").json()


def test_no_credentials_where_a_user_is_needed_is_104(platform):
    answer = get(platform, "/users/v1/me")
    assert answer.status_code == 401
    assert answer.json()["name"] == "USER_NOT_AUTHENTICATED_EXCEPTION"


def test_a_service_can_be_left_out_as_a_cluster_may():
    with LocalPlatform(without=["/payments/v1"]) as platform:
        platform.start()
        for path in ("/payments/v1/health", "/payments/v1/orders"):
            answer = requests.get(f"{platform.url}{path}", timeout=5)
            assert (answer.status_code, answer.json()["code"]) == (404, 903)
        assert requests.get(f"{platform.url}/users/v1/health", timeout=5).status_code == 200


def test_a_service_that_nobody_knows_cannot_be_left_out():
    with (
        LocalPlatform(without=["payments"]) as platform,
        pytest.raises(UsageError, match="no service payments; there are /auth"),
    ):
        platform.start()


def test_a_service_that_does_not_exist_here_is_903(platform):
    answer = get(platform, "/nothing/v1/resolve")
    assert (answer.status_code, answer.json()["code"]) == (404, 903)
    assert get(platform, "/users/v10/me").json()["code"] == 903


def test_an_endpoint_that_does_not_exist_is_404(platform_credentials):
    with pytest.raises(PlatformError) as raised:
        ExtraHorizon(platform_credentials).session.get("/users/v1/nothing/here")
    assert (raised.value.status, raised.value.name) == (404, "ENDPOINT_EXCEPTION")


def test_every_answer_has_the_gateways_header_and_none_names_the_server(platform):
    for path in ("/users/v1/health", "/users/v1/me", "/nowhere"):
        headers = get(platform, path).headers
        assert headers["Strict-Transport-Security"].startswith("max-age=")
        assert "X-Powered-By" not in headers
        assert "Server" not in headers


def test_the_client_sees_a_typed_error(platform_credentials, platform):
    known = platform_credentials
    with pytest.raises(UserNotAuthenticatedError):
        # Signed with the consumer alone: an empty token is left out of the header.
        ExtraHorizon(Credentials(known.host, known.consumer_key, known.consumer_secret, "", "")).users.me()


def test_both_loopback_addresses_answer(platform):
    port = int(platform.url.rpartition(":")[2])
    assert requests.get(f"http://127.0.0.1:{port}/users/v1/health", timeout=5).ok
    if socket.has_ipv6:
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            return
        assert requests.get(f"http://[::1]:{port}/users/v1/health", timeout=5).ok


def test_uvicorn_calls_what_lets_it_stop_at_once(monkeypatch):
    called = []

    def noting(name, own):
        def noted(self, *arguments, **others):
            called.append(name)
            return own(self, *arguments, **others)

        return noted

    for name in ("main_loop", "shutdown"):
        monkeypatch.setattr(PromptServer, name, noting(name, getattr(PromptServer, name)))
    with LocalPlatform() as platform:
        platform.start()
    assert called == ["main_loop", "shutdown"]


def test_nothing_outside_this_machine_can_connect():
    listening = listen()
    assert {each.getsockname()[0] for each in listening} <= {"127.0.0.1", "::1"}
    for each in listening:
        each.close()


def test_a_taken_port_is_refused_with_what_to_do(platform):
    port = int(platform.url.rpartition(":")[2])
    with pytest.raises(DevkitError, match=f"port {port} cannot be used .*--port 0"):
        LocalPlatform(port=port)


def test_a_data_directory_keeps_its_credentials_and_its_secrets_to_its_owner(tmp_path):
    data_dir = tmp_path / "data"
    seen = []
    for _ in range(2):
        with LocalPlatform(data_dir=data_dir) as platform:
            platform.start()
            seen.append({name: each for name, each in platform.details().items() if platform.url not in each})
            for path in data_dir.iterdir():
                if path.name != "lock":
                    assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert seen[0] == seen[1]
    with LocalPlatform(data_dir=tmp_path / "other") as other:
        assert other.credentials.token_secret != seen[0]["token_secret"]


def written(data_dir, format_, version=None):
    """A data directory as an `exh-dev` of this version leaves it, which writes another format."""
    with LocalPlatform(data_dir=data_dir) as platform:
        platform.start()
    database = sqlite3.connect(data_dir / "platform.db")
    with closing(database), database:
        database.execute(f"PRAGMA user_version = {format_}")
        if version:
            database.execute("UPDATE about SET value = ? WHERE name = 'version'", (version,))
        else:
            database.execute("DROP TABLE about")
            database.execute("ALTER TABLE documents RENAME COLUMN body TO content")
    return data_dir


def test_a_data_directory_of_a_later_exh_dev_is_refused_with_what_to_do(tmp_path):
    data_dir = written(tmp_path / "my data", 7, "3.1.0")
    before = (data_dir / "platform.db").read_bytes()
    with pytest.raises(DataFormatError) as refusal:
        LocalPlatform(data_dir=data_dir)
    told = str(refusal.value)
    assert told.startswith(f"{data_dir} was written by exh-dev 3.1.0, in format 7; this is exh-dev ")
    assert "use exh-dev 3.1.0 or a later one, use another --data-dir, or move the folder away" in told
    assert f"(mv '{data_dir}' '{data_dir}.old')" in told
    assert (data_dir / "platform.db").read_bytes() == before


def test_a_data_directory_of_an_earlier_exh_dev_is_refused_with_what_to_do(tmp_path, exh_dev):
    data_dir = written(tmp_path / "data", 0)
    code, out, (line,) = exh_dev("serve", "--port", "0", "--data-dir", data_dir)
    assert (code, out, line["level"]) == (1, "", "ERROR")
    assert "written by an exh-dev that noted no version, in format 0" in line["message"]
    assert "use another --data-dir, or move the folder away" in line["message"]
    (data_dir / "platform.db").unlink()
    with LocalPlatform(data_dir=data_dir) as platform:  # an empty one begins anew
        platform.start()


def test_an_ephemeral_platform_leaves_no_database(tmp_path):
    with LocalPlatform(data_dir=tmp_path / "data", ephemeral=True) as platform:
        platform.start()
    assert not list((tmp_path / "data").glob("platform.db*"))


@pytest.mark.slow
def test_a_data_directory_serves_one_platform_at_a_time(tmp_path):
    with LocalPlatform(data_dir=tmp_path), pytest.raises(DevkitError, match="a platform runs on .* already"):
        LocalPlatform(data_dir=tmp_path)


def test_the_local_sidefx_answers_beside_the_platform(platform, monkeypatch):
    from extrahorizon.sidefx import service

    for name, value in platform.sidefx_environment().items():
        monkeypatch.setenv(name, value)
    builds = service().download.get_daily_builds_list("houdini", only_production=True)
    assert {build["release"] for build in builds} == {"gold"}


def test_the_local_sidefx_fails_as_it_is_programmed(platform, monkeypatch):
    from extrahorizon.sidefx import APIError, service

    for name, value in platform.sidefx_environment().items():
        monkeypatch.setenv(name, value)
    control = f"{platform.url}/_dev/sidefx"
    requests.post(control, json={"failure": "eula-not-accepted"}, timeout=5).raise_for_status()
    with pytest.raises(APIError, match="EULA not accepted"):
        service().download.get_daily_builds_list("houdini")
    requests.post(control, json={"failure": "refused", "text": "no such thing", "times": 2}, timeout=5)
    with pytest.raises(APIError, match="no such thing"):
        service().bugs.get_submission_options()
    requests.delete(control, timeout=5).raise_for_status()
    assert service().bugs.get_submission_options()
    for wrong in (
        {"failure": "nothing"},
        {"failure": "unavailable", "where": "x"},
        {"failure": "slow", "text": "x"},
        {"times": "2"},
    ):
        assert requests.post(control, json=wrong, timeout=5).json()["code"] == 15


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
def test_a_web_page_cannot_call_what_asks_for_no_credentials(platform, headers):
    for path in ("/_dev/faults", "/_dev/ledger", "/_dev/sidefx"):
        assert get(platform, path, headers=headers).status_code == 403
        assert get(platform, path).status_code == 200


def test_a_port_that_somebody_has_on_the_other_loopback_address_is_refused():
    try:
        foreign = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        return  # no IPv6 here
    with foreign:
        port = foreign.getsockname()[1]
        with pytest.raises(DevkitError, match=f"port {port} is taken on ::1"):
            listen(port)


def test_a_platform_begins_with_the_image_of_another():
    with LocalPlatform() as first:
        first.start()
        client_of(first.environment()).data.schemas.create(name="pulse", description="Heart rate")
        image = first.image()
        client_of(first.environment()).data.schemas.create(name="later", description="Not in the image")
    with LocalPlatform(image=image) as second:
        second.start()
        exh = client_of(second.environment())
        assert [schema["name"] for schema in exh.data.schemas.find()] == ["pulse"]
        assert second.credentials == first.credentials
        exh.data.schemas.create(name="own", description="Of the second")
    with LocalPlatform(image=image) as third:
        third.start()
        assert client_of(third.environment()).data.schemas.find().total == 1
