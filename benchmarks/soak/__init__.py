"""A soak test: an hour of mixed load, abuse and failures on a local platform of its own.

`make soak` runs it; `MINUTES=2` makes it a short one, which cannot judge growth. It checks that

- memory, open files, threads and child processes of the server stay flat, by a linear regression over the samples;
- no bad input is answered with a 5xx, and the server prints no traceback;
- a well-behaved client that requests `/users/v1/health` twice a second never waits for more than three seconds;
- every acknowledged write is stored at the end, after the server was killed and started again.
"""
