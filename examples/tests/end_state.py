"""What a function leaves on the platform, in a form that is the same for two runs that did the same."""

from __future__ import annotations

import json
import re

_TOKEN = re.compile(r"[0-9a-f]{24}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ID = re.compile(r"\b[0-9a-f]{24}\b")


def end_state(exh, known=""):
    """Documents, mails, tasks, schedules, users, profiles, notifications; what is random or a moment is left out.

    Args:
        exh: a client that may see everything.
        known: a text with the ids that are not random, such as a seed's.
    """
    documents = {
        schema["name"]: sorted(
            _plain({**each["data"], "": [each["status"], sorted(each["userIds"]), sorted(each["groupIds"])]}, known)
            for each in exh.data.documents.find_all(schema["id"])
        )
        for schema in exh.data.schemas.find_all()
    }
    mails = sorted(
        _plain([mail.get("template_name"), mail["recipients"], mail["content"]], known) for mail in exh.mails.find_all()
    )
    tasks = sorted(
        _plain([task["functionName"], task["status"], task.get("data", {}), task.get("tags", [])], known)
        for task in exh.tasks.find_all()
    )
    schedules = sorted(
        _plain([each["functionName"], each["interval"], each.get("data")], known)
        for each in exh.tasks.schedules.find_all()
    )
    users = sorted(user["id"] for user in exh.users.find_all() if user["id"] in known)
    profiles = sorted(
        _plain({name: value for name, value in each.items() if not name.endswith("_timestamp")}, known)
        for each in exh.profiles.find_all()
    )
    notifications = sorted(_plain(each["title"], known) for each in exh.notifications_v2.find_all())
    return {
        "documents": {name: found for name, found in documents.items() if found},
        "mails": mails,
        "tasks": tasks,
        "schedules": schedules,
        "users": users,
        "profiles": profiles,
        "notifications": notifications,
    }


def files_of(exh):
    """How many files there are."""
    return exh.files.find().total


def _plain(value, known):
    text = json.dumps(value, sort_keys=True)
    text = _TOKEN.sub("<token>", text)
    return _ID.sub(lambda found: found[0] if found[0] in known else "<id>", text)
