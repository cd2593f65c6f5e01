"""`exh-dev types`: what a schema says about its documents, as Python types.

model.py     a schema as named types
source.py    named types as Python
module.py    the file that holds those of all schemas
"""
