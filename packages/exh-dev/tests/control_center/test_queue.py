"""Functions for AWS alone beside a served platform: run by hand, and fed from the local queue."""

import pytest

from exh_dev.serve.reload import Reloader

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.13
    Timeout: 30
    MemorySize: 512
    Environment: {Variables: {API_SECRET_ID: exh/credentials, WORK_QUEUE_URL: !Ref WorkQueue}}
Resources:
  WorkQueue: {Type: AWS::SQS::Queue}
  Fill:
    Type: AWS::Serverless::Function
    Properties: {Handler: handlers.fill.handler}
    Metadata: {ExtraHorizon: {name: fill, targets: [aws]}}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.work.handler
      Events:
        Queue: {Type: SQS, Properties: {Queue: !GetAtt WorkQueue.Arn, BatchSize: 5}}
    Metadata: {ExtraHorizon: {name: work, targets: [aws], kind: event}}
"""
FILES = {
    "template.yaml": TEMPLATE,
    "handlers/fill.py": "import os\n\nimport boto3\n\n\ndef handler(event, context):\n"
    '    boto3.client("sqs").send_message(QueueUrl=os.environ["WORK_QUEUE_URL"], MessageBody=event["body"])\n',
    "handlers/work.py": "from extrahorizon.client import ExtraHorizon\n\n\ndef handler(event, context):\n"
    '    me = ExtraHorizon().users.me()\n    print(event["Records"][0]["body"], me["email"])\n'
    '    return {"batchItemFailures": []}\n',
    "events/fill.json": {"body": "x"},
    "events/work.json": {},
    "schemas/pulse.json": None,
}


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_what_is_put_into_the_queue_is_a_run_of_the_worker(serve):
    center = serve(FILES)
    functions = {each["name"]: each for each in center.get("/functions")["data"]}
    assert (functions["work"]["targets"], functions["work"]["triggers"]) == (["aws"], [{"type": "queue", "batch": 5}])
    filled = center.invoke("fill", {"body": "measurement 1"})
    assert (filled["status"], filled["kind"]) == ("OK", "invoke"), filled
    (run,) = center.ended(1, function="work")
    shown = center.api.run(run["id"])
    assert (shown["kind"], shown["trigger"], shown["status"]) == ("queue", "queue", "OK")
    assert shown["logs"][0]["text"] == "measurement 1 exh.tasks+exh/credentials@extrahorizon.com"
    assert [each["path"] for each in shown["calls"]] == ["/users/v1/me"]
    again = center.api.ended(center.post(f"/runs/{run['id']}/replay")["id"])
    assert again["status"] == "OK"
    assert center.invoke("work", {})["failure"] == "KeyError: 'Records'"
    reloader = Reloader(center.platform, center.project, center.told.append)
    center.write("handlers/work.py", FILES["handlers/work.py"].replace('me["email"])', '"anew")'))
    reloader.apply([center.folder / "handlers/work.py"])
    assert center.invoke("fill", {"body": "measurement 2"})["status"] == "OK"
    (run, *_) = center.ended(4, function="work")
    assert center.api.run(run["id"])["logs"][0]["text"] == "measurement 2 anew"
