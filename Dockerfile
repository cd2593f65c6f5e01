# A function as a container image: for Lambda, or with --target batch for AWS Batch. docs/containers.md says when and how.
#
#   .venv/bin/exh-dev build whoami
#   docker build --provenance=false --platform linux/amd64 --build-arg BASE_DIGEST=sha256:... \
#     --build-arg FUNCTION=whoami --build-arg HANDLER=handlers.whoami.handler --tag whoami .
#
# BASE_DIGEST says exactly which base image it is; a tag would be another one tomorrow. It has no default, for it is to
# be one that you have looked up and scanned:
#
#   docker buildx imagetools inspect public.ecr.aws/lambda/python:3.13
ARG PYTHON=3.13
ARG BASE_DIGEST

# Nothing is installed here. The bundle is finished, made of locked and hashed packages, so that the image needs no pip,
# no compiler and no package manager, which are also what a scanner finds most fault with and an intruder most use for;
# and what runs is what was tested, byte for byte. (AWS's base image brings a pip of its own. Nothing calls it.)
FROM public.ecr.aws/lambda/python:${PYTHON}@${BASE_DIGEST:?docs/containers.md_says_how_to_get_it} AS bundle
ARG FUNCTION
ARG HANDLER
LABEL org.opencontainers.image.title="${FUNCTION:?add --build-arg FUNCTION=NAME}"
# ENTRYPOINT and CMD know no build arguments; the environment takes the handler there.
ENV FUNCTION_HANDLER="${HANDLER:?add --build-arg HANDLER=handlers.NAME.handler}"
WORKDIR ${LAMBDA_TASK_ROOT}
# Root's, and for others to read only: Lambda's own user, or that of a job, cannot change the code it runs.
COPY --chmod=0755 build/${FUNCTION}/bundle/ ./

# A job on AWS Batch, with SCHEMA_ID and DOCUMENT_ID for an event: see packages/extrahorizon/src/extrahorizon/batch.py.
FROM bundle AS batch
ARG FUNCTION
# boto3 lies there in the images of older versions of Python.
ENV POWERTOOLS_SERVICE_NAME="${FUNCTION}" PYTHONPATH=${LAMBDA_RUNTIME_DIR}
# A number, so that whoever runs it can see that it is not root. No such user has to exist.
USER 10001:10001
ENTRYPOINT ["python3", "-m", "extrahorizon.batch"]

# The last one is what a build without --target makes. It sets no USER: Lambda runs every image as an unprivileged user
# of its own, and wants none set.
FROM bundle AS lambda
# As the base image has it, the command is a handler's name; here there is one that need not be given.
ENTRYPOINT ["/bin/sh", "-c", "exec /lambda-entrypoint.sh \"${1:-$FUNCTION_HANDLER}\"", "lambda"]
