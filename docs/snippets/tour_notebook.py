# %% A client, with the credentials of the environment or of ~/.exh/credentials
import csv
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from extrahorizon import ExtraHorizon, rql
from extrahorizon.errors import PlatformError, PlatformUnreachableError

exh = ExtraHorizon(timeout=60)
print("calling as", exh.users.me()["id"])

# %% Read: a page, the first record, all records one by one
high = rql.ge("data.systolic", 140).sort("-creationTimestamp")
page = exh.data.documents.find("blood-pressure", high.limit(10))
print(page.total, "high measurements, of which", len(page), "are on this page")
newest = exh.data.documents.find_first("blood-pressure", high)

# %% A table of them, for a spreadsheet or pandas
table = csv.DictWriter(sys.stdout, ["id", "systolic", "diastolic"], extrasaction="ignore", lineterminator="\n")
table.writeheader()
for document in exh.data.documents.find_all("blood-pressure", high):
    table.writerow({"id": document["id"], **document["data"]})

# %% Change: what is wrong in a call is said before it is sent, what the platform refuses is an exception
try:
    made = exh.data.documents.create("blood-pressure", {"systolic": 151, "diastolic": 95})
    print("created", made["id"], "with the status", made["status"])
except PlatformUnreachableError as error:
    print("no answer; it may have been done all the same" if error.sent else "nothing was sent")
except PlatformError as error:
    print(error.status, error.code, error.name)

# %% Files: up, down, with a token that only reads
with TemporaryDirectory() as folder:
    notes = Path(folder) / "notes.txt"
    notes.write_text("taken after exercise", encoding="utf-8")
    file = exh.files.create(notes, mimetype="text/plain", tags=["notes"])
    reading = exh.files.generate_token(file["tokens"][0]["token"], accessLevel="read")
    print(exh.files.download(reading["token"], Path(folder) / "copy.txt").read_text(encoding="utf-8"))

# %% Many calls at once
names = exh.fan_out(lambda user: user["first_name"], exh.users.find_all(rql.limit(50)), workers=8)
print(len(names), "users")
exh.close()
