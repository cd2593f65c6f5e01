"""`exh-dev dead-letters`: what the work queue of a stack on AWS could not do, and doing it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exh_dev.cli.options import JsonOption, LimitOption
from exh_dev.cli.output import choose_output
from exh_dev.errors import DevkitError, UsageError
from exh_dev.output import Table
from exh_dev.remote.cluster import ask

if TYPE_CHECKING:
    from exh_dev.aws.dead_letters import DeadLetter, DeadLetters
    from exh_dev.aws.stacks import Stack
    from exh_dev.output import Output

dead_letters = typer.Typer(
    name="dead-letters",
    help="Show or redrive the failed messages of a work queue on AWS.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

_LiveOption = Annotated[bool, typer.Option("--live", help="On AWS, with the credentials of AWS's own tools; required.")]
_EnvironmentOption = Annotated[
    str | None,
    typer.Option("--config-env", metavar="ENV", help="The stack that this environment of samconfig.toml deploys."),
]
_StackOption = Annotated[str | None, typer.Option("--stack", metavar="NAME", help="The stack, by its name.")]
_RegionOption = Annotated[
    str | None,
    typer.Option("--region", metavar="REGION", help="Where it is [default: samconfig.toml's, or AWS_REGION]"),
]
_QueueOption = Annotated[
    str, typer.Option("--queue", metavar="ID", help="The queue, by its logical id in template.yaml.")
]
_ErrorTypeOption = Annotated[
    str | None,
    typer.Option("--error-type", metavar="CLASS", help="Only poison of this error, such as InvalidEventError."),
]
_WithoutReasonOption = Annotated[
    bool, typer.Option("--without-reason", help="Only what failed too often: SQS moved it, and its log says why.")
]
_DEAD_LETTERS, _WORK = "DeadLetterQueue", "WorkQueue"
_COLUMNS = ("Sent", "Error", "Reason", "Task", "Id")


@dead_letters.command("list")
def list_dead_letters(
    error_type: _ErrorTypeOption = None,
    without_reason: _WithoutReasonOption = False,
    limit: LimitOption = 100,
    live: _LiveOption = False,
    config_env: _EnvironmentOption = None,
    stack: _StackOption = None,
    region: _RegionOption = None,
    queue: _QueueOption = _DEAD_LETTERS,
    as_json: JsonOption = None,
) -> None:
    """List the messages in a dead-letter queue, with the reason.

    Poison messages carry their error. Messages that failed too often carry none: filter the log by the id. Messages are
    hidden from other consumers while the command reads them. Needs cloudformation:ListStackResources,
    sqs:GetQueueAttributes, sqs:ReceiveMessage and sqs:ChangeMessageVisibility.

    exh-dev dead-letters list --live --config-env production
    """
    output = choose_output(as_json=as_json)
    found = _stack(output, live=live, config_env=config_env, stack=stack, region=region)
    letters = _queue(found, queue)
    is_wanted = _filter(error_type, without_reason=without_reason)
    shown = []
    with letters.reading() as messages:
        for letter in messages:
            if is_wanted(letter):
                shown.append(letter)
            if len(shown) == limit:
                output.note(f"{limit} are shown, of about {letters.count()} in the queue; --limit shows more")
                break
    if not shown:
        _check_none_is_hidden(letters)
        output.summary([], [f"None fits, of {letters.seen}" if letters.seen else "There are none"])
        return
    rows = [_row(letter) for letter in shown]
    output.tables([each.as_json() for each in shown], Table(_COLUMNS, rows, gives_way=("Task", "Reason")))


@dead_letters.command()
def show(
    message: Annotated[str, typer.Argument(metavar="ID", help="Id of the message, or its first characters.")],
    live: _LiveOption = False,
    config_env: _EnvironmentOption = None,
    stack: _StackOption = None,
    region: _RegionOption = None,
    queue: _QueueOption = _DEAD_LETTERS,
    as_json: JsonOption = None,
) -> None:
    """Show one message with its body, which may have personal data.

    exh-dev dead-letters show 059f36b4 --live --config-env production
    """
    output = choose_output(as_json=as_json)
    found = _stack(output, live=live, config_env=config_env, stack=stack, region=region)
    with _queue(found, queue).reading() as messages:
        letter = next((each for each in messages if each.id.startswith(message)), None)
    if letter is None:
        raise DevkitError(f"there is no message {message} in the queue; exh-dev dead-letters list shows what there is")
    try:
        body = json.loads(letter.body)
    except (ValueError, RecursionError):
        body = letter.body
    shown = {**letter.as_json(), "attributes": letter.other_attributes, "body": body}
    facts = {**letter.as_json(), **letter.other_attributes}
    lines = [f"{name}: {value}" for name, value in facts.items() if value is not None]
    if letter.error_type is None and queue == _DEAD_LETTERS:
        lines.append(f"It failed too often; filter the log of the functions by message_id {letter.id}")
    text = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
    output.summary(shown, [*lines, "", *text.splitlines()])


@dead_letters.command()
def redrive(
    messages: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Complete ids of the messages [default: all].")
    ] = None,
    error_type: _ErrorTypeOption = None,
    without_reason: _WithoutReasonOption = False,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="ID", help="The other queue, by its logical id [default: WorkQueue]"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    live: _LiveOption = False,
    config_env: _EnvironmentOption = None,
    stack: _StackOption = None,
    region: _RegionOption = None,
    queue: _QueueOption = _DEAD_LETTERS,
    as_json: JsonOption = None,
) -> None:
    """Move messages back to the work queue to be processed again.

    Moves both poison and messages that failed too often. Each is sent before it is deleted, so none is lost. The task's
    id and the stack's idempotency table prevent a message that arrives twice from being processed twice. Exit code 1
    when some could not be sent; they stay. Also needs sqs:SendMessage on the work queue and sqs:DeleteMessage here. For
    more than about ten thousand messages use AWS's StartMessageMoveTask.

    exh-dev dead-letters redrive --error-type PatientUnknownError --live --config-env production
    """
    output = choose_output(as_json=as_json)
    found = _stack(output, live=live, config_env=config_env, stack=stack, region=region)
    if to is None and queue != _DEAD_LETTERS:
        raise UsageError(f"--queue {queue} needs --to: what is in it is of another queue than {_WORK}, or of none")
    to = to or _WORK
    if found.physical_id(queue) == (other := found.physical_id(to)):
        raise UsageError(f"--queue {queue} and --to {to} are the same queue")
    letters = _queue(found, queue)
    count = letters.count()
    chosen = _filter(error_type, without_reason=without_reason)
    ids = set(messages or ())
    what = f"{len(ids)} chosen" if ids else "all that fit" if error_type or without_reason else "all"
    plan = f"sending {what} of about {count} dead letters of the stack {found.name} to {to} again"
    output.note(plan)
    ask(plan, yes=yes)
    moved, failed = letters.move(
        other,
        lambda letter: chosen(letter) and (not ids or letter.id in ids),
        lambda done: output.note(f"{done} sent"),
    )
    missing = max(len(ids) - moved - failed, 0)
    result = {"ok": not failed and not missing, "stack": found.name, "sent": moved, "not_sent": failed, "to": to}
    output.summary(result, [f"Sent {moved} to {to}" + (f"; {failed} could not be sent, and stay" if failed else "")])
    _check_none_is_hidden(letters)
    if missing:
        raise DevkitError(f"{missing} of the ids are of no message in the queue")
    if failed:
        raise DevkitError(f"{failed} could not be sent, and stay where they are; do it again")


def _stack(output: Output, *, live: bool, config_env: str | None, stack: str | None, region: str | None) -> Stack:
    from exh_dev.aws.stacks import Stack

    if not live:
        raise UsageError(
            "dead letters are on AWS: add --live. What a function on this machine could not do is in the control center"
        )
    if (config_env is None) == (stack is None):
        raise UsageError("name the stack: either --config-env, an environment of samconfig.toml, or --stack")
    profile = None
    if config_env is not None:
        from exh_dev.project.project import Project
        from exh_dev.project.sam_configuration import deployed_stack

        stack, own_region, profile = deployed_stack(Project.find().root, config_env)
        region = region or own_region
    found = Stack(stack or "", region, profile)
    output.note(f"the stack {found.name}{f' in {found.region}' if found.region else ''}", stack=found.name)
    return found


def _queue(stack: Stack, name: str) -> DeadLetters:
    from exh_dev.aws.dead_letters import DeadLetters

    url = stack.physical_id(name)
    if url.endswith(".fifo"):
        raise UsageError(f"{url} is a FIFO queue, whose order this command cannot keep; use SQS's own redrive")
    return DeadLetters(stack.client("sqs"), url)


def _check_none_is_hidden(letters: DeadLetters) -> None:
    """Raise if a queue in which no message was found has messages in flight.

    Raises:
        DevkitError: messages are in flight.
    """
    if not letters.seen and (count := letters.count()):
        raise DevkitError(
            f"about {count} messages are in the queue, but another consumer is reading them. They become visible again "
            "within 15 minutes"
        )


def _filter(error_type: str | None, *, without_reason: bool) -> Any:
    if error_type is not None and without_reason:
        raise UsageError("--error-type and --without-reason exclude each other")
    if without_reason:
        return lambda letter: letter.error_type is None
    return lambda letter: error_type is None or letter.error_type == error_type


def _row(letter: DeadLetter) -> tuple[str, ...]:
    members = letter.as_json()
    sent = letter.sent.astimezone().strftime("%Y-%m-%d %H:%M")
    return (
        sent,
        members["error_type"] or "failed too often",
        members["error_message"] or "",
        members["task_id"] or "",
        letter.id,
    )
