"""Projects on disk, whole and broken."""

import copy
import json

MANIFEST = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Analyze:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Handler: handlers.analyze.handler
      Runtime: python3.13
      Timeout: 30
      MemorySize: 256
    Metadata:
      ExtraHorizon:
        name: analyze
        targets: [exh]
        kind: task
"""
GREETING = {
    "template.yaml": MANIFEST.replace("Analyze", "HelloWorld")
    .replace("handlers.analyze", "handlers.hello_world")
    .replace("name: analyze", "name: hello-world"),
    # Without it another package of this name, on the path of whoever runs this, would be taken.
    "handlers/__init__.py": "",
    "handlers/hello_world.py": """\
from extrahorizon.task import task_handler


@task_handler
def handler(task, exh):
    return {"greeting": f"Hello, {task.data.get('name') or 'world'}!"}
""",
    "events/hello-world.json": {"functionName": "hello-world", "data": {"name": "Extra Horizon"}},
    "events/hello-world.no-data.json": {"functionName": "hello-world"},
}
"""A project with one function, which calls nothing, and two sample events."""

SCHEMA = {
    "$schema": "https://example.com/Schema.json",
    "name": "pulse",
    "description": "Heart rate",
    "createMode": "allUsers",
    "readMode": ["creator", "linkedGroupStaff"],
    "statuses": {"new": {}, "done": {"label": "Done"}},
    "creationTransition": {"type": "manual", "toStatus": "new", "actions": [{"type": "linkCreator"}]},
    "properties": {
        "pulse": {"type": "number", "minimum": 0, "description": "Beats per minute"},
        "category": {"type": "string", "enum": ["low", "high"]},
        "notes": {"type": "array", "items": {"type": "object", "properties": {"text": {"type": "string"}}}},
    },
    "transitions": [
        {
            "type": "manual",
            "name": "finish",
            "fromStatuses": ["new"],
            "toStatus": "done",
            "conditions": [
                {
                    "type": "input",
                    "configuration": {"type": "object", "properties": {"category": {"type": "string"}}},
                }
            ],
            "afterActions": [{"type": "task", "functionName": "analyze", "data": {"n": 1}}],
        }
    ],
    "indexes": [{"fields": [{"name": "data.pulse", "type": "asc"}]}],
}
FILES = {
    "template.yaml": MANIFEST,
    "handlers/__init__.py": "",
    "handlers/analyze.py": "def handler(event, context):\n    return {}\n",
    "events/analyze.json": {"functionName": "analyze"},
    "schemas/pulse.json": SCHEMA,
    "templates/greet.json": {
        "description": "A greeting",
        "inputs": {"name": {"type": "string"}},
        "outputs": {"subject": "Hi {{@inputs.name}}", "body": "<p>$FROM</p>"},
        "variables": {"FROM": "the clinic"},
    },
    "templates/report/template.json": {"inputs": {"n": {"type": "number"}}},
    "templates/report/body.hbs": "<h1>{{@inputs.n}}</h1>",
    "templates/order.json": {
        "description": "An order",
        "schema": {"type": "object", "fields": {"name": {"type": "string"}}},
        "fields": {"subject": "Order of $content.name"},
    },
    "templates/reminder/template.json": {"schema": {"type": "object", "fields": {"name": {"type": "string"}}}},
    "templates/reminder/body.html": "<p>$content.name</p>",
    "localizations/EN.json": {"mail_closing": "Regards"},
    "localizations/NL.json": {"mail_closing": "Groeten"},
    "dispatchers.json": {
        "dispatchers": [
            {
                "eventType": "user_created",
                "name": "welcome",
                "actions": [
                    {"type": "mail", "name": "mail", "recipients": {"to": ["a@example.com"]}, "templateName": "greet"},
                    {"type": "task", "name": "task", "functionName": "analyze"},
                ],
            }
        ]
    },
    "service-settings.json": {
        "users": {"passwordPolicy": {"minimumLength": 8}, "emailTemplates": {"activationEmailTemplateName": "greet"}},
        "files": {"disableForceDownloadForMimeTypes": ["image/png"]},
    },
}


def write(folder, changes=None, files=FILES):
    """A project with these changes: path -> content, or a function of what stands there, or None for no such file."""
    files = copy.deepcopy(files)
    for path, change in (changes or {}).items():
        files[path] = change(files[path]) if callable(change) else change
    for path, content in files.items():
        if content is not None:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def with_member(path, value):
    """A change that puts a value at a path of names and positions."""

    def change(content):
        *outer, last = path
        holder = content
        for step in outer:
            holder = holder[step]
        holder[last] = value
        return content

    return change


def without(path):
    """A change that takes a member away."""

    def change(content):
        *outer, last = path
        holder = content
        for step in outer:
            holder = holder[step]
        del holder[last]
        return content

    return change
