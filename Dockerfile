# The server in a container: `docker build --target cpu .` or `--target cuda .`; see docs/docker.md.
# Both targets are the same but for the build of PyTorch, which brings CUDA's libraries itself: the
# host needs NVIDIA's driver and container toolkit, the image nothing of them.

ARG BASE=debian:bookworm-slim

FROM ${BASE} AS python
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv ca-certificates \
    && rm -rf /var/lib/apt/lists/*

# What only makes the wheel and the environment stays behind in this stage.
FROM python AS build
WORKDIR /src
RUN python3 -m venv /build && /build/bin/pip install --no-cache-dir uv==0.13.9 build==1.5.0
COPY LICENSE README.md blender_manifest.toml pyproject.toml ./
COPY backend backend
COPY requirements requirements
RUN /build/bin/python -m build --wheel --installer uv --outdir /wheels \
    && python3 -m venv --without-pip /opt/era3d
# Versions and checksums of everything but PyTorch are those that the tests ran with.
RUN /build/bin/uv pip install --python /opt/era3d --no-cache --compile-bytecode --require-hashes \
    --no-deps --requirement requirements/base.txt

# EXTRAS, at tested versions, too: `web` is the page in the browser, `ray` a cluster.
# WHEELS is where else uv looks: `--find-links DIR`.
FROM build AS build-cpu
ARG EXTRAS=serve,web
ARG WHEELS=
ARG TORCH_FLAGS=--torch-backend=cpu
RUN requirements/container.sh "$EXTRAS" $WHEELS $TORCH_FLAGS

FROM build AS build-cuda
ARG EXTRAS=serve,web
ARG WHEELS=
ARG TORCH_FLAGS=--torch-backend=cu130
RUN requirements/container.sh "$EXTRAS" $WHEELS $TORCH_FLAGS

FROM python AS runtime
# Nobody's privileges: the jobs and the models are the only places that it may write to.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin era3d \
    && install --directory --owner=era3d --group=era3d --mode=700 /data /jobs /models
ENV PATH=/opt/era3d/bin:$PATH \
    ERA3D_HOME=/data \
    HF_HOME=/models \
    HOME=/data \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER era3d
WORKDIR /data
VOLUME ["/data", "/jobs", "/models"]
EXPOSE 8501
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/v1/health', timeout=4)"]
# The token comes in ERA3D_TOKEN; without one a server that others can reach does not start.
ENTRYPOINT ["era3d", "serve", "--host", "0.0.0.0", "--folder", "/jobs"]
CMD ["--web"]

FROM runtime AS cuda
COPY --from=build-cuda /opt/era3d /opt/era3d

FROM runtime AS cpu
COPY --from=build-cpu /opt/era3d /opt/era3d
