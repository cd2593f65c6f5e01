"""The data of this project's documents, as types. Made by `exh-dev types` from schemas/: do not edit it.

For type checkers alone: import it under `if TYPE_CHECKING:`. A member that is not Required may be missing, in some
status of the document; an update, or a query that selects members, can leave out any. The names of a schema's
statuses, and of the transitions that are made by hand, are types too.
"""
# fmt: off
# ruff: noqa

from typing import Literal, Required, TypedDict

BloodPressureReadingCategory = Literal[
    'normal',
    'elevated',
    'hypertension-stage-1',
    'hypertension-stage-2',
    'hypertensive-crisis',
]

class BloodPressureReading(TypedDict, total=False):
    """A patient's blood pressure, which the patient sees."""

    #: The user whose blood pressure it is
    patient: Required[str]
    #: When it was measured; ISO 8601 in UTC
    timestamp: Required[str]
    #: In mmHg
    systolic: Required[float]
    #: In mmHg
    diastolic: Required[float]
    #: What it means
    category: BloodPressureReadingCategory
    #: The token of the report, a PDF file
    report: str
    #: The task that mails the report: the id of its first attempt
    mailedBy: str

BloodPressureReadingStatus = Literal['created', 'analyzed', 'reported']

BloodPressureReadingTransition = Literal['mark-as-analyzed', 'add-report']

ClinicBloodPressureReadingCategory = Literal[
    'normal',
    'elevated',
    'hypertension-stage-1',
    'hypertension-stage-2',
    'hypertensive-crisis',
]

class ClinicBloodPressureReading(TypedDict, total=False):
    """A patient's blood pressure, taken in a clinic, which sees it too."""

    #: The group that the patient is enlisted in
    clinic: Required[str]
    #: The user whose blood pressure it is
    patient: Required[str]
    #: When it was measured; ISO 8601 in UTC
    timestamp: Required[str]
    #: In mmHg
    systolic: Required[float]
    #: In mmHg
    diastolic: Required[float]
    #: What it means
    category: ClinicBloodPressureReadingCategory
    #: The token of the report, a PDF file
    report: str
    #: The task that mails the report: the id of its first attempt
    mailedBy: str

ClinicBloodPressureReadingStatus = Literal['created', 'analyzed', 'reported']

ClinicBloodPressureReadingTransition = Literal['mark-as-analyzed', 'add-report']

class DailyReport(TypedDict):
    """A clinic's measurements of a day; its staff can see it."""

    #: The group
    clinic: str
    #: The day in the clinic's time zone
    date: str
    #: The token of the PDF file
    report: str
    #: The task that mails the report: the id of its first attempt
    mailedBy: str

DailyReportStatus = Literal['made']

class HoudiniBuild(TypedDict, total=False):
    """A production build of a SideFX product."""

    #: As SideFX calls it: houdini, houdini-py311, sidefxlabs, …
    product: str
    #: The exact platform, such as linux_x86_64_gcc11.2
    platform: str
    #: Major and minor: 20.5; a text, for 20.10 is not 20.1
    version: str
    #: The number of the build
    build: float
    #: Its day, YYYY-MM-DD
    date: str

HoudiniBuildStatus = Literal['available']

PatientPhotoMimetype = Literal['image/jpeg', 'image/png']

class PatientPhoto(TypedDict):
    """A photo for a patient's record; reached through the function patient-api only."""

    #: Id of the user whose record it is in
    patient: str
    #: SHA-256 of the image, to know it again
    digest: str
    #: Full token of the image in the file service
    file: str
    #: Content type of the image
    mimetype: PatientPhotoMimetype
    #: Bytes of the image
    size: float

PatientPhotoStatus = Literal['stored']

class PsgRecordingChannelsItem(TypedDict, total=False):
    #: Given by the platform
    id: Required[str]
    #: As the file has it; not always one of its kind
    label: str
    unit: str
    #: Samples per second
    rate: float

class PsgRecording(TypedDict, total=False):
    """A polysomnography recording: one EDF file, to be cut into documents of a minute each."""

    #: Token of the EDF file in the file service
    file: Required[str]
    #: What the recorder's clock is ahead of UTC at the start, such as +02:00; without it, nothing
    utcOffset: str
    #: The day on which it began by the recorder's clock, where the file has none or another one
    startDate: str
    #: When the first sample was taken; ISO 8601 in UTC
    startTimestamp: str
    #: How long the recording lasts
    seconds: float
    #: How many documents of psg-signal it has become
    minutes: float
    #: How many of them were there when a run ended
    done: float
    #: What was odd about the file and has been read all the same
    warnings: list[str]
    #: The signals of the file, in its order
    channels: list[PsgRecordingChannelsItem]

PsgRecordingStatus = Literal['new', 'chunking', 'chunked']

PsgRecordingTransition = Literal['continue', 'chunk']

class PsgSignalChannelsItem(TypedDict, total=False):
    #: Given by the platform
    id: Required[str]
    label: str
    unit: str
    #: Samples per second
    rate: float
    #: Seconds from the minute's start to the first sample
    offset: float
    samples: list[float]

class PsgSignal(TypedDict, total=False):
    """One minute of a polysomnography recording: the samples of every channel in physical units."""

    #: Id of the psg-recording
    recording: str
    #: Id of the user whose recording it is
    patient: str
    #: Which minute of the recording, from 0
    minute: float
    #: When the minute began; ISO 8601 in UTC
    startTimestamp: str
    #: The signals of the recording; a list, because labels are any text and may occur twice
    channels: list[PsgSignalChannelsItem]

PsgSignalStatus = Literal['stored']

class TaskFailuresFailuresItem(TypedDict, total=False):
    #: Given by the platform
    id: Required[str]
    event: str
    task: str

class TaskFailures(TypedDict, total=False):
    """The failures of a function by one error in an hour."""

    #: The task name of the function
    functionName: str
    #: The error's name, or its type where it has none
    errorName: str
    #: In UTC, such as 2026-01-15T10:00Z
    hour: str
    #: Each with its event and its task
    failures: list[TaskFailuresFailuresItem]

TaskFailuresStatus = Literal['open', 'told']

TaskFailuresTransition = Literal['mark-as-told']

class UserRemoval(TypedDict, total=False):
    """That all was removed of a user whose account was deleted; not of whom."""

    #: The id of the event that said so
    event: str

UserRemovalStatus = Literal['completed']
