# syntax=docker/dockerfile:1
# Forgewall in a container: built in one stage, run in another without build tools, as a user without rights.
# The root file system may be read-only; only /events, /certs and /spool are written to.

FROM python:3.13-slim AS build
WORKDIR /source
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/forgewall
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY addons ./addons
RUN /opt/forgewall/bin/pip install -c constraints.txt .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Forgewall" \
      org.opencontainers.image.description="A forward web proxy that keeps company data out of code repositories nobody approved" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
RUN groupadd --system --gid 10001 forgewall \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin forgewall \
    && install -d -m 0700 -o 10001 -g 10001 /events /certs /spool
COPY --from=build /opt/forgewall /opt/forgewall
COPY policy /policy
ENV PATH=/opt/forgewall/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /
VOLUME ["/events", "/certs", "/spool"]
EXPOSE 8080 8088
STOPSIGNAL SIGTERM
# The proxy answers a plain GET on its own address; no other program than Python is needed to ask.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["python", "-c", "import urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:8080/', timeout=4)"]
ENTRYPOINT ["forgewall"]
CMD ["run", "--policy", "/policy/forgewall.yaml", "--listen", "0.0.0.0:8080", "--events", "/events", "--certs", "/certs", "--spool", "/spool"]
