"""Local stand-ins for Secrets Manager, SQS and DynamoDB, and what AWS does between a queue and a function.

The dead-letter queue of a deployed stack is read and redriven here, too. Workers that run functions are in
`exh_dev.runtime`; bundles are in `exh_dev.packaging`.
"""
