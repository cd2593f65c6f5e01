"""A run of the function: from a `psg-recording` document to the `psg-signal` documents that are missing.

    new ──chunk──▶ chunked                       every minute is a document
     └──continue──▶ chunking ──chunk──▶ chunked   time was up: the transition starts the function anew

On AWS the state machine ChunkWhole starts it anew, and nobody makes the transition `continue`.

Everything can be repeated at any point, also by two tasks at once: a unique index lets each minute be there once, and
the minutes that are there are not posted again.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from extrahorizon.errors import (
    ExtraHorizonError,
    IllegalArgumentError,
    InvalidTokenError,
    ResourceAlreadyExistsError,
    ResourceUnknownError,
)
from extrahorizon.query import rql
from extrahorizon.timestamps import iso

from handlers.chunk_psg_signals.edf import Recording
from handlers.chunk_psg_signals.header import InvalidRecordingError
from handlers.chunk_psg_signals.segments import Writer, described, minute_count, plain, segments
from shared.session import ExtraHorizon, logger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extrahorizon.query import RQL
    from extrahorizon.services.data.types import Document

    from handlers.chunk_psg_signals.segments import Segment

SIGNALS = "psg-signal"
UNFINISHED = ("new", "chunking")
WORKERS = 8
IN_PROGRESS = 16_000_000  # bytes of documents that are made and sent at once; memory holds a few times as much
RESERVE = 15.0  # seconds for the posts that are under way and for handing over
LARGEST_BODY = 9_990_000  # bytes for channels; the gateway takes 10 MB, and the other fields need a little


class RecordingUnavailableError(ExtraHorizonError):
    """There is no such recording, the function may not see it, or it belongs to nobody."""


def chunk(
    exh: ExtraHorizon, schema: str, recording_id: str, *, most: int | None = None, hand_over: bool = True
) -> dict[str, Any]:
    """Post the minutes of a recording that are not there yet, as many as there is time for.

    Args:
        exh: the client, with the deadline of this run.
        schema: id or name of the recording's schema, `psg-recording`.
        recording_id: the recording's document.
        most: how many minutes to post at most; None for as many as there is time for. One is posted in any case, so
            that a recording comes to its end however short of time each run is.
        hand_over: make the transition that starts the next run. Without it whoever started this one starts it again
            until it is `chunked`.

    Returns:
        `status` of the recording, its number of `minutes`, how many of them this run has `posted`, and `warnings`: what
        was odd about the file and has been read all the same.

    Raises:
        RecordingUnavailableError: there is nothing to work on.
        InvalidRecordingError: the file cannot be cut; nothing has been posted then.
        IncompleteFileError: the download broke off; repeating it may help.
        PlatformError: a call was refused.
    """
    document = exh.data.documents.find_by_id(schema, recording_id)
    if document is None:
        raise RecordingUnavailableError(
            f"there is no recording {recording_id}, or the permission VIEW_DOCUMENTS:psg-recording is missing"
        )
    if document["status"] not in UNFINISHED:
        logger.info("nothing to do", extra={"document_id": recording_id, "status": document["status"]})
        data = document["data"]
        done_before = {"minutes": data.get("minutes"), "posted": 0, "warnings": data.get("warnings", [])}
        return {"status": document["status"], **done_before}
    if not document.get("userIds"):
        raise RecordingUnavailableError(f"the recording {recording_id} is linked to no user: link its patient")
    there = set(_minutes_there(exh, recording_id))
    with _opened(exh, document["data"], is_new=not there) as (recording, known):
        posted = _post_missing(exh, document, recording, there, most)
        count, done = minute_count(recording), len(there) + len(posted)
        if done == count:
            _read_on(recording)
        warnings = recording.warnings if known is None else known
    for warning in warnings:
        logger.warning(warning, extra={"document_id": recording_id})
    status = "chunked" if done == count else "chunking"
    result = {"status": status, "minutes": count, "posted": sum(posted), "warnings": warnings}
    if done < count and hand_over:
        # A run that brought it no further than another one leaves the rest to that one.
        further = rql.excludes("data.done") | rql.lt("data.done", done)
        _move(exh, schema, recording_id, "continue", {"done": done}, guard=further, moved=("chunking", "chunked"))
    elif done == count:
        facts = {
            "startTimestamp": iso(_start(document, recording)),
            "seconds": plain(recording.seconds),
            "minutes": count,
            "done": count,
            "channels": [described(channel) for channel in recording.channels],
            "warnings": warnings,
        }
        _move(exh, schema, recording_id, "chunk", facts, moved=("chunked",))
    counts = {name: value for name, value in result.items() if name != "warnings"}
    logger.info("posted", extra={"document_id": recording_id, "there_before": len(there), **counts})
    return result


def _post_missing(
    exh: ExtraHorizon, document: Document, recording: Recording, there: set[int], most: int | None
) -> list[bool]:
    """Post minutes that are not there: for each one whether it was this run that made it."""
    writer = Writer(recording)
    if writer.largest() > LARGEST_BODY:
        raise InvalidRecordingError(
            f"a minute of the recording takes up to {writer.largest():,} bytes, and a request may have 10 MB: upload "
            "its channels in several files"
        )
    start = _start(document, recording)
    members = {"recording": document["id"], "patient": document["userIds"][0]}

    def post(segment: Segment) -> bool:
        begins = iso(start + timedelta(minutes=segment.minute))
        return _post(exh, writer.document(segment, {**members, "minute": segment.minute, "startTimestamp": begins}))

    missing = set(range(minute_count(recording))) - there
    next_ones = islice(segments(recording, missing), len(missing) if most is None else min(most, len(missing)))
    workers = min(WORKERS, max(1, IN_PROGRESS // writer.largest()))
    return exh.fan_out(post, _while_there_is_time(exh, next_ones), workers=workers)


def _start(document: Document, recording: Recording) -> datetime:
    """Return the start of a recording, in the time zone that its document gives."""
    offset = document["data"].get("utcOffset", "+00:00")
    return recording.start.replace(tzinfo=datetime.fromisoformat(f"2000-01-01T00:00{offset}").tzinfo)


def _start_date(data: dict[str, Any]) -> date | None:
    """Return the `startDate` of the document."""
    given = data.get("startDate")
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise InvalidRecordingError("the recording's startDate is no date: YYYY-MM-DD is expected") from None


@contextmanager
def _opened(exh: ExtraHorizon, data: dict[str, Any], *, is_new: bool) -> Iterator[tuple[Recording, list[str] | None]]:
    """Open a recording while the block runs: its header is read, and its oddities are listed where they are known.

    A new file whose data records have a clock is read twice. The first time it is only held against that clock, so that
    nothing is posted of a recording that turns out to have a gap. A run that continues another one has no need to.
    """
    token, start_date = data.get("file", ""), _start_date(data)
    if not token:
        raise InvalidRecordingError("the recording has no file: its property file is the token of one")
    try:
        size = exh.files.get_details(token)["size"]
    except InvalidTokenError:
        raise InvalidRecordingError(
            "the recording's token opens no file: it was deleted, or the token was; upload the file again"
        ) from None
    with _content(exh, token) as pieces:
        recording = Recording(pieces, size, start_date=start_date)
        if not (is_new and recording.has_clock):
            yield recording, None
            return
        _read_on(recording)
    with _content(exh, token) as pieces:
        yield Recording(pieces, size, start_date=start_date), recording.warnings


def _read_on(recording: Recording) -> None:
    """Check the times of the data records that have not been read yet."""
    if recording.has_clock:
        for _ in recording.records():
            pass


@contextmanager
def _content(exh: ExtraHorizon, token: str) -> Iterator[Iterator[bytes]]:
    """Open a file of the platform while the block runs."""
    stream = exh.files.retrieve_stream(token)
    try:
        yield stream
    finally:
        if isinstance(stream, Generator):
            stream.close()  # and with it the connection of a file that was not read to its end


def _minutes_there(exh: ExtraHorizon, recording_id: str) -> Iterator[int]:
    """Return the minutes that are documents already."""
    query = rql.eq("data.recording", recording_id).select("data.minute").sort("data.minute").limit(100)
    return (document["data"]["minute"] for document in exh.data.documents.find_all(SIGNALS, query))


def _while_there_is_time(exh: ExtraHorizon, segments: Iterable[Segment]) -> Iterator[Segment]:
    """Yield the first one in any case, and those that can be posted before the run has to end."""
    for number, segment in enumerate(segments):
        if number and exh.deadline.remaining() < RESERVE:
            return
        yield segment


def _post(exh: ExtraHorizon, body: bytes) -> bool:
    """Create the document of a minute, and return whether it was missing."""
    try:
        # Not by `exh.data.documents.create`: the text is ready, and the answer, which repeats it, need not be read.
        exh.session.request(
            "POST",
            f"/data/v1/{SIGNALS}/documents",
            data=body,
            headers={"Content-Type": "application/json"},
            idempotent=True,  # by the unique index
        )
    except ResourceAlreadyExistsError:
        return False
    return True


def _move(
    exh: ExtraHorizon,
    schema: str,
    recording_id: str,
    transition: str,
    data: dict[str, Any],
    *,
    moved: tuple[str, ...],
    guard: RQL = rql,
) -> None:
    """Make a transition of an unfinished recording, unless another run has: its status is among `moved` then."""
    try:
        exh.data.documents.transition(
            schema, recording_id, name=transition, data=data, rql=rql.in_("status", UNFINISHED) & guard
        )
    except (ResourceUnknownError, IllegalArgumentError):
        document = exh.data.documents.find_by_id(schema, recording_id)
        if document is None or document["status"] not in moved:
            raise
        logger.info("another run was first", extra={"document_id": recording_id, "status": document["status"]})
