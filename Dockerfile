# A static binary in an empty image, as nobody. It serves loopback only: where the
# port is published, set INTERLOCK_HTTP_ADDR=0.0.0.0:8080 and
# INTERLOCK_CONSOLE_REMOTE=true, and put TLS in front. Tools need the socket of a
# Docker engine mounted, and the data folder at the same path on its host. The socket
# belongs to a group of the host: --group-add "$(stat -c %g /var/run/docker.sock)".
# What it calls itself: --build-arg VERSION="$(git describe --tags --always)".
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /interlock . && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /interlock-runner ./adapters/docker/runner && mkdir -p /data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=build /interlock /interlock-runner /
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
# An empty image has no /tmp.
ENV INTERLOCK_DATA_DIR=/data TMPDIR=/data
EXPOSE 8080
ENTRYPOINT ["/interlock"]
CMD ["serve"]
