# docker build --tag wexio-sandbox .
# docker run --rm --read-only --cap-drop=ALL wexio-sandbox

FROM python:3.13-slim AS build

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY sandbox ./sandbox
COPY scenarios ./scenarios
# An environment without pip of its own; what is installed is compiled here, since the
# finished image is never written to.
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && python -m venv --without-pip /opt/wexio-sandbox \
    && pip --python /opt/wexio-sandbox/bin/python install --no-cache-dir --compile "$(ls /wheels/*.whl)[speed]"


FROM python:3.13-slim

LABEL org.opencontainers.image.title="wexio-sandbox" \
      org.opencontainers.image.description="An emulator of Wexio's outbound webhooks" \
      org.opencontainers.image.licenses="MIT"

COPY --from=build /opt/wexio-sandbox /opt/wexio-sandbox

# Nothing is written beside the code, and nothing waits in a buffer when the process ends.
ENV PATH="/opt/wexio-sandbox/bin:${PATH}" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

# Numeric, so that Kubernetes can see that it is not root (runAsNonRoot).
USER 10001:10001
# Mount your own scenarios here: --volume "$PWD:/scenarios:ro", then run ./mine.yaml
WORKDIR /scenarios

STOPSIGNAL SIGTERM
# Exec form: the signal reaches the program, not a shell.
ENTRYPOINT ["wexio-sandbox"]
# The demonstration; the server takes its place once there is one.
CMD ["run", "first-contact"]
