"""What users may do and why, and credentials to call as one of them."""

import pytest
import requests

from exh_dev.remote.client import client_of
from extrahorizon import rql

NURSE = {"first_name": "Ada", "last_name": "Nurse", "email": "ada@example.com", "password": "Secret-1234"}


@pytest.fixture
def nurse(center):
    """A user without any role."""
    registered = center.exh.session.request("POST", "/users/v1/register", json={
        **NURSE, "phone_number": "0", "language": "EN", "time_zone": "UTC"})  # fmt: skip
    return registered.json()


def test_the_permissions_of_a_user(center):
    user = center.exh.users.me()["id"]
    assert "VIEW_USER" in center.get(f"/users/{user}/permissions")["data"]["everywhere"]
    assert requests.get(f"{center.url}/_dev/api/users/none/permissions", timeout=5).json()["code"] == 16


def test_why_a_user_has_a_permission_and_why_not(center, nurse):
    path = f"/users/{nurse['id']}/permissions"
    answer = center.get(f"{path}/VIEW_DOCUMENTS:pulse")
    assert (answer["known"], answer["everywhere"], answer["groups"], answer["by"]) == (True, False, [], [])
    assert [each["role"] for each in answer["would_give"]] == ["local.developer"]
    role = center.exh.users.global_roles.create(name="nurse", description="")
    center.exh.users.global_roles.add_permissions(rql.eq("id", role["id"]), permissions=["VIEW_DOCUMENTS"])
    center.exh.users.global_roles.add_to_users(rql.eq("id", nurse["id"]), roles=[role["id"]])
    answer = center.get(f"{path}/VIEW_DOCUMENTS:pulse")
    assert answer["everywhere"] is True
    assert answer["by"] == [{"role": "nurse", "role_id": role["id"], "group": None}]
    assert center.get(f"{path}/VIEW_DOCUMENT")["known"] is False


def test_the_users_with_a_permission_are_listed(center, nurse):
    listed = {each["name"]: each for each in center.get("/permissions")["data"]}
    assert listed["VIEW_MAILS"]["everywhere"] == ["local.developer"]
    (holder,) = center.get("/permissions/VIEW_MAILS/holders")["data"]
    assert (holder["email"], holder["role"]) == ("developer@localhost.example", "local.developer")
    assert center.get("/permissions/NOT_A_PERMISSION/holders")["data"] == []


def test_credentials_of_a_user_call_as_that_user(center, nurse):
    made = requests.post(f"{center.url}/_dev/api/users/{nurse['id']}/credentials", timeout=5)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    found = made.json()
    environment = {"API_HOST": found["host"]}
    for name in ("consumer_key", "consumer_secret", "token", "token_secret"):
        environment[f"API_OAUTH_{name.upper()}"] = found[name]
    assert client_of(environment).users.me()["email"] == NURSE["email"]
    answer = requests.post(f"{center.url}/_dev/api/users/none/credentials", timeout=5)
    assert answer.json()["code"] == 16


def test_groups_are_those_that_somebody_belongs_to_or_that_have_roles(center, nurse):
    group = "5f0a1b2c3d4e5f6071829301"
    assert center.get("/groups")["data"] == []
    role = center.exh.users.group_roles.add(group, name="doctor", description="")
    center.exh.users.group_roles.add_permissions(group, rql=rql.eq("id", role["id"]), permissions=["VIEW_PATIENTS"])
    center.exh.users.add_patient_enlistment(nurse["id"], group_id=group)
    (found,) = center.get("/groups")["data"]
    assert (found["id"], found["staff"], found["patients"]) == (group, 0, 1)
    assert [(each["name"], each["permissions"]) for each in found["roles"]] == [("doctor", ["VIEW_PATIENTS"])]
