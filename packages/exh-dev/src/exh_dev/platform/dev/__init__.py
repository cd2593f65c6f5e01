"""Services of the local platform alone: seeding, the ledger, and records for the control center.

The records are of function calls, refused calls and the effects of requests. Fault injection is in
`exh_dev.platform.faults`.
"""
