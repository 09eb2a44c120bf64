# docker build --tag wexio-sandbox .
# docker run --rm --read-only --cap-drop=ALL --publish 8420:8420 --volume wexio:/data wexio-sandbox

FROM python:3.13-slim AS build

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY sandbox ./sandbox
COPY scenarios ./scenarios
COPY wexio_sandbox_pytest ./wexio_sandbox_pytest
# An environment without pip of its own; what is installed is compiled here, since the
# finished image is never written to.
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && python -m venv --without-pip /opt/wexio-sandbox \
    && pip --python /opt/wexio-sandbox/bin/python install --no-cache-dir --compile "$(ls /wheels/*.whl)[speed]" \
    && mkdir --mode=0700 /data


FROM python:3.13-slim

LABEL org.opencontainers.image.title="wexio-sandbox" \
      org.opencontainers.image.description="An emulator of Wexio's outbound webhooks" \
      org.opencontainers.image.licenses="MIT"

COPY --from=build /opt/wexio-sandbox /opt/wexio-sandbox
# A new volume takes its owner from here.
COPY --from=build --chown=10001:10001 /data /data

# Nothing is written beside the code, and nothing waits in a buffer when the process ends.
# The server is for others than this container, so it asks for a token: WEXIO_SANDBOX_TOKEN,
# or the one that it makes and prints.  Every option is such a variable.
ENV PATH="/opt/wexio-sandbox/bin:${PATH}" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WEXIO_SANDBOX_HOST=0.0.0.0 \
    WEXIO_SANDBOX_DB=/data/sandbox.db \
    WEXIO_SANDBOX_SCENARIOS=/scenarios

# Numeric, so that Kubernetes can see that it is not root (runAsNonRoot).
USER 10001:10001
# Mount your own scenarios here: --volume "$PWD:/scenarios:ro"
WORKDIR /scenarios
# The journal: what was acknowledged is in here, and nowhere else.
VOLUME ["/data"]
EXPOSE 8420

# Ready when scenarios can be read and the journal can be written.  There is no curl in
# here; and whatever proxy is set, it is not for this.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.build_opener(web.ProxyHandler({})).open('http://127.0.0.1:' + (os.environ.get('WEXIO_SANDBOX_PORT') or '8420') + '/readyz', timeout=4)"]

STOPSIGNAL SIGTERM
# Exec form: the signal reaches the program, not a shell.
ENTRYPOINT ["wexio-sandbox"]
CMD ["serve"]
