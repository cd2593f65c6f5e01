"""Bundles: what is uploaded for a function.

build.py         what `exh-dev build` does, from the manifest to `build/`
target.py        the Python and the machine that a bundle is for
interpreter.py   that Python on this machine
locks.py         pinned packages with their hashes
wheels.py        those packages as wheels for the target
needs.py         whether all that they need of each other is there
parts.py         packages, and which of them needs which
origin.py        whose bundles they are, and of when
contents.py      the project's own files that a function needs
node.py          all files of a function for Node.js
imports.py       whether everything they import is in the bundle
secret_scan.py   whether they hold what must not leave this machine
secret_content.py    what can be read in a file: texts, keys, the files in archives
secret_streams.py    compressed data: gzip, bzip2, xz
secret_texts.py      the texts in bytes, in whatever encoding
secret_finders.py    where a text holds what looks like a secret
secret_providers.py  the forms of tokens and keys
secret_values.py     names that call their value a secret, and values that look like one
bytecode.py      compiling for the target
sizes.py         how large bundles are and may be
archive.py       the same bytes every time
replacing.py     into the place of what was there, all or nothing
sbom.py          what is in it, for auditors
deployment.py    whether what was built is what is deployed to AWS
task_config.py   what the official CLI reads
"""
