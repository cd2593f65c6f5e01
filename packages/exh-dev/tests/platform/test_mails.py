import asyncio
import base64
import socket
import threading
from contextlib import closing, contextmanager
from email import message_from_bytes, policy

import httpx
import pytest
from local_app import LocalApp
from people import person
from smtp_sink import smtp_server
from user_service import BAD_ID, GROUP, NO_PERMISSION, NOBODY, OTHER, PERSON, UNKNOWN, register
from waiting import wait_for

from exh_dev.errors import DevkitError
from exh_dev.platform.mails.sending import send_by_template
from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.storage.store import Store
from exh_dev.platform.templates_v1 import renderer
from exh_dev.serve.local_platform import LocalPlatform
from extrahorizon.oauth1 import OAuth1Signer

BASE = "/mail/v1"
TO = {"to": ["ann@example.com"]}
PLAIN = {"subject": "Hi", "body": "Hello", "recipients": TO}
FORMAT = (400, 15, "FIELD_FORMAT_EXCEPTION")


def send(app, token=None, **body):
    return app.as_user("POST", BASE, json=body, token=token)


def template(app, name="welcome", **outputs):
    inputs = {
        each: {"type": "string"} for each in ("name", "tracking_hash", "activation_hash", "reset_hash", "pin_code")
    }
    outputs = outputs or {"subject": "Hi {{@inputs.name}}", "body": "<p>{{t 'hello'}} {{@inputs.tracking_hash}}</p>"}
    body = {"name": name, "inputs": inputs, "outputs": outputs}
    return app.as_user("POST", "/templates/v2", json=body).json()["id"]


def mails(app):
    return app.as_user("GET", BASE).json()["data"]


def test_a_plain_mail_is_stored(app):
    mail = send(app, **PLAIN, reply_to=["re@example.com"], **{"from": "me@example.com"}).json()
    timestamp = int(app.now * 1000)
    assert mail == {
        "id": mail["id"],
        "creator_id": app.first.user_id,
        **PLAIN,
        "from": "me@example.com",
        "reply_to": ["re@example.com"],
        "views": 0,
        "creation_timestamp": timestamp,
        "update_timestamp": timestamp,
    }
    assert mails(app) == [mail]
    assert app.as_user("GET", f"{BASE}?eq(id,{mail['id']})").json()["data"] == [mail]
    assert app.as_user("GET", f"{BASE}/queued").json()["data"] == []


def test_a_mail_is_made_by_a_template_of_this_id_or_name(app, refused):
    template_id = template(app)
    texts = {"key": "hello", "text": {"EN": "Hello", "NL": "Dag"}}
    app.as_user("POST", "/localizations/v1", json={"localizations": [texts]})
    mail = send(app, template_id=template_id, content={"name": "Ann"}, recipients=TO).json()
    assert (mail["subject"], mail["template_id"], mail["content"]) == ("Hi Ann", template_id, {"name": "Ann"})
    assert mail["body"].startswith("<p>Hello ")
    mail = send(app, template_name="welcome", language="NL", time_zone="UTC", recipients=TO).json()
    assert (mail["template_name"], mail["language"], mail["content"]) == ("welcome", "NL", {})
    assert mail["body"].startswith("<p>Dag ")
    refused(send(app, template_id="f" * 24, recipients=TO), *UNKNOWN)
    refused(send(app, template_id="welcome", recipients=TO), *BAD_ID)
    refused(send(app, template_name=template_id, recipients=TO), *UNKNOWN)
    refused(send(app, template_name="welcome", template_id=template_id, recipients=TO), *FORMAT)
    template(app, "incomplete", body="x")
    refused(send(app, template_name="incomplete", recipients=TO), 400, 26, "ILLEGAL_ARGUMENT_EXCEPTION")
    refused(
        send(app, template_name="welcome", content={"name": 1}, recipients=TO), 400, 1003, "TEMPLATE_FILLING_EXCEPTION"
    )


def test_the_language_is_else_that_of_the_sender(app):
    template(app, subject="s", body="{{number 1.5}}")
    token = person(app, "SEND_MAILS")
    app.store.put("users", {**app.store.get("users", token["userId"]), "language": "NL"})
    assert send(app, token, template_name="welcome", recipients=TO).json()["body"] == "1,5"


def test_opening_is_counted(app):
    template(app)
    mail = send(app, template_name="welcome", recipients=TO).json()
    tracking_hash = mail["body"].removesuffix("</p>").split()[-1]
    assert len(tracking_hash) == 40
    assert app.send(None, "GET", f"{BASE}/{tracking_hash}/open").json() == {"records_affected": 1}
    app.send(None, "GET", f"{BASE}/{tracking_hash}/open")
    assert mails(app) == [{**mail, "views": 2}]
    assert app.send(None, "GET", f"{BASE}/{'0' * 40}/open").json() == {"records_affected": 0}


def test_a_mail_is_deleted(app, refused):
    mail = send(app, **PLAIN).json()
    token = person(app, "VIEW_MAILS")
    refused(app.as_user("DELETE", f"{BASE}/{mail['id']}", token=token), *NO_PERMISSION)
    assert app.as_user("DELETE", f"{BASE}/{mail['id']}").json() == {"records_affected": 1}
    refused(app.as_user("DELETE", f"{BASE}/{mail['id']}"), *UNKNOWN)
    refused(app.as_user("DELETE", f"{BASE}/x"), *BAD_ID)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"recipients": None}, 14),
        ({"recipients": []}, 15),
        ({"recipients": {}}, 15),
        ({"recipients": {"to": []}}, 15),
        ({"recipients": {"to": "ann@example.com"}}, 15),
        ({"recipients": {"to": ["ann"]}}, 15),
        ({"recipients": {"to": ["ann@example.com\r\nBcc: b@example.com"]}}, 15),
        ({"recipients": {"to": [f"a{n}@example.com" for n in range(50)], "bcc": ["b@example.com"]}}, 15),
        ({"subject": None}, 14),
        ({"body": None}, 14),
        ({"body": 1}, 15),
        ({"from": "me"}, 15),
        ({"reply_to": "me@example.com"}, 15),
        ({"attachments": {}}, 15),
        ({"attachments": [{"name": "a"}]}, 14),
        ({"attachments": [{"name": "a\nb", "content": ""}]}, 15),
        ({"attachments": [{"name": "a", "content": "%%"}]}, 15),
        ({"attachments": [{"name": "a", "content": "", "type": "text"}]}, 15),
    ],
)
def test_an_invalid_mail_is_refused(app, changes, code):
    answer = send(app, **{**PLAIN, **changes})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not app.store.matching("mails", EVERYTHING)


def test_nobody_finds_out_a_tracking_hash_by_a_query(app):
    template(app)
    assert "tracking_hash" not in send(app, template_name="welcome", recipients=TO).json()
    digits = [app.as_user("GET", f"{BASE}?like(tracking_hash,{digit})").json()["data"] for digit in "0123456789abcdef"]
    assert digits == [[]] * 16


def test_a_template_cannot_make_a_mail_too_large(app, refused):
    template(app, subject="s", body="{{#each @inputs.name}}{{/each}}" + "{{@inputs.name}}" * 12)
    refused(send(app, template_name="welcome", content={"name": "x" * 10**6}, recipients=TO), *FORMAT)


def test_attachments_are_not_stored(app):
    send(app, **PLAIN, attachments=[{"name": "a.txt", "content": base64.b64encode(b"a").decode()}])
    assert "attachments" not in mails(app)[0]


def test_mails_are_sent_to_recipients_by_permission(app, refused):
    patient, stranger = person(app, patient=[GROUP]), person(app, patient=[OTHER])
    token = person(app, staff=[GROUP])
    address = {each["userId"]: app.store.get("users", each["userId"])["email"] for each in (patient, stranger, token)}
    own, known, unknown = address[token["userId"]], address[patient["userId"]], address[stranger["userId"]]
    for addresses in ([own], [known], [own, known]):
        assert send(app, token, **{**PLAIN, "recipients": {"to": addresses}}).status_code == 200
    for recipients in ({"to": [unknown]}, {"to": [own], "bcc": [unknown]}, {"cc": ["nobody@example.com"]}):
        refused(send(app, token, **{**PLAIN, "recipients": recipients}), *NO_PERMISSION)
    assert send(app, person(app, "SEND_MAILS"), **PLAIN).status_code == 200
    app.store.put("users", {**app.store.get("users", token["userId"]), "activation": False})
    refused(send(app, token, **{**PLAIN, "recipients": {"to": [own]}}), 400, 204, "NOT_ACTIVATED_EXCEPTION")
    refused(app.send(None, "POST", BASE, json=PLAIN), *NOBODY)
    for path in (BASE, f"{BASE}/queued"):
        refused(app.as_user("GET", path, token=token), *NO_PERMISSION)


def test_others_send_by_the_same_function(app):
    template(app)
    content = {"name": "Bo", "event": {"id": "1"}}
    mail = asyncio.run(
        send_by_template(app.store, template_name="welcome", recipients=TO, content=content, now=app.now)
    )
    assert mails(app) == [mail]
    assert (mail["subject"], mail["content"]["event"]) == ("Hi Bo", {"id": "1"})
    assert "creator_id" not in mail


# The mails of the user service


def configure(app, **templates):
    return app.as_user("PUT", "/users/v1/email_templates", json=templates)


def test_the_user_service_mails_what_it_keeps(app):
    template(app, "act", subject="act", body="{{number 0.5}} {{@inputs.activation_hash}}")
    template(app, "again", subject="again", body="{{@inputs.activation_hash}}")
    reset_id = template(app, "res", subject="reset", body="{{@inputs.reset_hash}}")
    configure(app, activation_email_template_name="act", reactivation_email_template_name="again")
    configure(app, password_reset_email_template_id=reset_id)
    user = register(app, language="NL").json()
    (mail,) = mails(app)
    assert mail["recipients"] == {"to": [PERSON["email"]]}
    hashed = mail["body"].removeprefix("0,5 ")
    assert app.send(None, "POST", "/users/v1/activation", json={"hash": hashed}).status_code == 200
    app.send(None, "GET", f"/users/v1/forgot_password?email={PERSON['email']}")
    body = {"hash": mails(app)[1]["body"], "new_password": "Secret456"}
    assert app.send(None, "POST", "/users/v1/forgot_password", json=body).status_code == 200
    app.as_user("PUT", f"/users/v1/{user['id']}/email", json={"email": "new@example.com"})
    assert (mails(app)[2]["subject"], mails(app)[2]["recipients"]) == ("again", {"to": ["new@example.com"]})


def test_a_pin_code_has_a_template_of_its_own(app):
    template(app, "pin", subject="pin", body="{{@inputs.pin_code}}")
    configure(app, activation_pin_email_template_name="pin")
    app.as_user("PUT", "/users/v1/settings/verification", json={"enable_pin_code_activation_requests": True})
    register(app, activation_mode="pin_code")
    body = {"email": PERSON["email"], "pin_code": mails(app)[0]["body"]}
    assert app.send(None, "POST", "/users/v1/activation", json=body).status_code == 200


def _user(app):
    user = {**app.store.get("users", register(app).json()["id"]), "activation": True}
    app.store.put("users", user)
    return user


def _move(app, **options):
    body = {"email": "new@example.com", **options}
    return app.as_user("PUT", f"/users/v1/{_user(app)['id']}/email", json=body)


def _forget(app, mode):
    _user(app)
    return app.send(None, "GET", f"/users/v1/forgot_password?email={PERSON['email']}&mode={mode}")


def _unlink(app):
    user = _user(app)
    app.store.put("users", {**user, "oidc_links": [{"provider_id": "x"}]})
    return app.as_user("POST", f"/auth/v2/oidc/users/{user['id']}/unlink", json={})


MAILS = {
    "activation": ("activation_hash", register),
    "activation_pin": ("pin_code", lambda app: register(app, activation_mode="pin_code")),
    "reactivation": ("activation_hash", _move),
    "reactivation_pin": ("pin_code", lambda app: _move(app, activation_mode="pin_code")),
    "password_reset": ("reset_hash", lambda app: _forget(app, "hash")),
    "password_reset_pin": ("pin_code", lambda app: _forget(app, "pin_code")),
    "oidc_unlink": ("reset_hash", _unlink),
    "oidc_unlink_pin": ("pin_code", _unlink),
}


@pytest.mark.parametrize(
    ("mail", "version"),
    [*((mail, "v2") for mail in MAILS), ("password_reset", "v1"), ("password_reset_pin", "v1")],
)
def test_a_mail_of_the_user_service_says_whom_it_is_for(app, mail, version):
    secret, cause = MAILS[mail]
    types = {name: {"type": "string"} for name in ("firstname", "lastname", secret, "tracking_hash")}
    if version == "v1":
        texts = {"subject": "$content.firstname $content.lastname", "body": f"$content.{secret} $content.tracking_hash"}
        body = {"name": "mine", "schema": {"fields": types}, "fields": texts}
    else:
        texts = {"subject": "{{@inputs.firstname}} {{@inputs.lastname}}",
                 "body": f"{{{{@inputs.{secret}}}}} {{{{@inputs.tracking_hash}}}}"}  # fmt: skip
        body = {"name": "mine", "inputs": types, "outputs": texts}
    made = app.as_user("POST", f"/templates/{version}", json=body).json()
    settings = dict.fromkeys(app.as_user("GET", "/users/v1/settings/verification").json(), True)
    app.as_user("PUT", "/users/v1/settings/verification", json=settings)
    assert configure(app, **{f"{mail}_email_template_id": made["id"]}).status_code == 200
    assert cause(app).status_code == 200
    (sent,) = mails(app)
    assert sent["subject"] == "Ann Example"
    digits, tracking_hash = sent["body"].split()
    assert len(digits) == (8 if secret == "pin_code" else 40)
    assert app.send(None, "GET", f"{BASE}/{tracking_hash}/open").json() == {"records_affected": 1}


def test_a_registration_outlives_its_mail(app, caplog):
    configure(app, activation_email_template_name="unknown")
    assert register(app).status_code == 200
    assert "was not sent" in caplog.text


# Forwarding


@contextmanager
def platform(address=None):
    """A function that calls a platform which forwards to `address`, if to any."""
    with LocalPlatform(smtp=address) as local:
        local.start()
        known = local.credentials
        signer = OAuth1Signer(known.consumer_key, known.consumer_secret, known.token, known.token_secret)

        def call(method, path, **options):
            headers = {"Authorization": signer.authorization(method, local.url + path)}
            return httpx.request(method, local.url + path, headers=headers, **options).json()

        yield call


@pytest.mark.slow
def test_a_copy_is_forwarded():
    with smtp_server() as server, platform(f"127.0.0.1:{server.server_address[1]}") as call:
        body = {"name": "w", "outputs": {"subject": "Grüße\n{{sum 1 1}}", "body": "<b>中</b>"}}
        call("POST", "/templates/v2", json=body)
        attachment = {"name": "a.txt", "type": "text/plain", "content": base64.b64encode(b"inside").decode()}
        recipients = {"to": ["a@example.com"], "bcc": ["b@example.com"]}
        sent = {"template_name": "w", "recipients": recipients, "attachments": [attachment]}
        assert call("POST", BASE, json=sent)["views"] == 0
        wait_for(lambda: server.messages and not call("GET", f"{BASE}/queued")["data"], seconds=10)
        (raw, envelope) = server.messages[0]
    message = message_from_bytes(raw, policy=policy.default)
    assert (message["Subject"], message["To"], message["Bcc"]) == ("Grüße 2", "a@example.com", None)
    assert envelope == ["a@example.com", "b@example.com"]
    assert message.get_body(("html",)).get_content().strip() == "<b>中</b>"
    (file,) = message.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("a.txt", "inside")


@pytest.mark.slow
def test_a_mail_that_cannot_be_forwarded_is_listed_as_failed(caplog):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        with platform(f"127.0.0.1:{taken.getsockname()[1]}") as call:
            mail = call("POST", BASE, json=PLAIN)
            wait_for(lambda: call("GET", f"{BASE}/queued?eq(status,failed)")["data"], seconds=10)
            (queued,) = call("GET", f"{BASE}/queued")["data"]
            assert (queued["id"], queued["to"], queued["text"]) == (mail["id"], TO["to"], "Hello")
            assert call("DELETE", f"{BASE}/{mail['id']}") == {"records_affected": 1}
            assert call("GET", f"{BASE}/queued")["data"] == []
    assert "was not forwarded" in caplog.text


@pytest.mark.parametrize("address", ["", "localhost", "localhost:", ":25", "localhost:0", "localhost:99999", "a:b"])
def test_an_address_is_host_and_port(address):
    store = Store()
    with pytest.raises(DevkitError, match="HOST:PORT"):
        LocalApp(store, smtp=address)
    store.close()


def test_a_mail_that_was_being_forwarded_has_failed_at_the_next_start():
    store = Store()
    store.put("queued_mails", {"id": "a" * 24, "status": "sending"})
    app = LocalApp(store, smtp="localhost:1025")
    assert app.as_user("GET", f"{BASE}/queued").json()["data"] == [{"id": "a" * 24, "status": "failed"}]
    store.close()


@pytest.mark.parametrize("kind", ["text/plain\r\n;x", "text/plain\n", "text/plain; a=b\r\nBcc: x@localhost.example"])
def test_the_type_of_an_attachment_is_one_line(app, refused, kind):
    attachments = [{"name": "a", "content": "eA==", "type": kind}]
    refused(send(app, subject="x", body="x", recipients=TO, attachments=attachments), *FORMAT)


# Templates of version 1 are programs, and may take their time


def _by_a_caller(call, template_id):
    assert call("POST", BASE, json={"template_id": template_id, "recipients": TO})["code"] == 1003


def _by_a_dispatcher(call, template_id):
    action = {"type": "mail", "templateId": template_id, "recipients": TO}
    call("POST", "/dispatchers/v1", json={"eventType": "measured", "actions": [action]})
    call("POST", "/events/v1", json={"type": "measured", "content": {}})
    call("POST", "/_dev/tasks/settle")


def _by_a_registration(call, template_id):
    call("PUT", "/users/v1/email_templates", json={"activation_email_template_id": template_id})
    assert call("POST", "/users/v1/register", json=PERSON)["id"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "cause",
    [_by_a_caller, *(pytest.param(each, marks=pytest.mark.rare) for each in (_by_a_dispatcher, _by_a_registration))],
)
def test_others_are_answered_while_a_mail_is_made(monkeypatch, cause):
    patient = renderer.Renderer(1)
    monkeypatch.setattr(renderer, "of_threads", patient)
    with platform() as call, closing(patient):
        body = {"name": "slow", "schema": {}, "fields": {"subject": "s", "body": "#foreach($i in [1..2000000000])#end"}}
        template_id = call("POST", "/templates/v1", json=body)["id"]
        mailing = threading.Thread(target=cause, args=(call, template_id))
        mailing.start()
        answered = 0
        while mailing.is_alive():
            assert call("GET", "/users/v1/me")["id"]
            answered += 1
        mailing.join()
    assert answered > 3  # on a machine that is busy with other things too
