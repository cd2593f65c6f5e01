"""Bundles: the zip files that are uploaded for a function.

build.py         `exh-dev build`, from the manifest to `build/`
target.py        the Python version and processor of a bundle
interpreter.py   that Python on this machine
locks.py         pinned packages with their hashes
wheels.py        those packages as wheels for the target
needs.py         missing dependencies between packages
parts.py         packages and their dependency graph
origin.py        version, authors and time of a build
contents.py      the project's own files that a function needs
node.py          all files of a function for Node.js
imports.py       checks that imports are in the bundle
secret_scan.py   secret scan of files
secret_content.py    what can be read in a file: texts, keys, the files in archives
secret_streams.py    compressed data: gzip, bzip2, xz
secret_texts.py      the texts in bytes, in whatever encoding
secret_finders.py    where a text holds what looks like a secret
secret_providers.py  the forms of tokens and keys
secret_values.py     names that call their value a secret, and values that look like one
bytecode.py      compiling for the target
sizes.py         sizes and limits of bundles
archive.py       reproducible zip files
replacing.py     atomic replacement of files
sbom.py          software bill of materials
deployment.py    checks that bundles fit an AWS deployment
task_config.py   `task-config.json` of the official CLI
"""
