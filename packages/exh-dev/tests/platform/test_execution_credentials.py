"""The user of a function: exactly what the manifest lists, the same one at each start."""

from exh_dev.remote.client import client_of
from exh_dev.serve.local_platform import LocalPlatform


def me(platform, name):
    return client_of(platform.function_environment(name)).users.me()


def granted(user):
    return [permission["name"] for role in user["roles"] for permission in role["permissions"]]


def test_permissions_follow_the_manifest_and_the_user_stays(tmp_path):
    with LocalPlatform(data_dir=tmp_path) as platform:
        platform.grant("analyze", ["VIEW_TASKS", "VIEW_DOCUMENTS:pulse"])
        platform.grant("other", [])
        platform.start()
        first = me(platform, "analyze")
        assert granted(first) == ["VIEW_TASKS", "VIEW_DOCUMENTS:pulse"]
        assert granted(me(platform, "other")) == []
        environment = platform.function_environment("analyze")
    with LocalPlatform(data_dir=tmp_path) as platform:
        platform.grant("analyze", ["VIEW_DOCUMENTS:pulse"])
        platform.start()
        second = me(platform, "analyze")
        assert (second["id"], granted(second)) == (first["id"], ["VIEW_DOCUMENTS:pulse"])
        kept = platform.function_environment("analyze")
    assert kept["API_OAUTH_TOKEN"] == environment["API_OAUTH_TOKEN"]


def test_an_address_of_its_own_is_kept(tmp_path):
    with LocalPlatform(data_dir=tmp_path) as platform:
        platform.grant("analyze", [], "Analyze@Clinic.example")
        platform.start()
        assert me(platform, "analyze")["email"] == "analyze@clinic.example"
