"""An hour of mixed load, abuse and failures on a platform of its own, and whether anything grew, waited or was lost.

`make soak` runs it; `MINUTES=2` for a short one, which judges no growth. What is judged:

- memory, open files, threads and child processes of the server stay flat, by a line fit over the samples;
- no bad input is answered with a 5xx, and nothing prints a traceback;
- a polite client, which asks for `/users/v1/health` twice a second, never waits for more than three seconds;
- what was acknowledged is there at the end, after the server was killed and started again.
"""
