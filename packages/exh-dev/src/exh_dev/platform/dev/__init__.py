"""What the local platform has besides the real one: seeding, the ledger, and records for the control center.

The records are of function calls, refused calls and the effects of requests. Fault injection is in
`exh_dev.platform.faults`.
"""
