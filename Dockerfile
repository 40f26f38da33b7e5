# syntax=docker/dockerfile:1
# One image for all three services; compose says which role a container runs.

# Only npm comes from this stage's own Node: the Node that runs Holdfast is a package in the lock file.
FROM node:24-bookworm-slim AS install
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY apps/authorization-server/package.json apps/authorization-server/
COPY apps/cli/package.json apps/cli/
COPY apps/console/package.json apps/console/
COPY apps/egress-relay/package.json apps/egress-relay/
COPY bench/package.json bench/
COPY enclave/package.json enclave/
COPY examples/package.json examples/
COPY migrations/package.json migrations/
COPY packages/client/package.json packages/client/
COPY packages/egress-guard/package.json packages/egress-guard/
COPY packages/protocol/package.json packages/protocol/
COPY packages/providers/package.json packages/providers/
COPY packages/resource-server/package.json packages/resource-server/
COPY packages/storage/package.json packages/storage/
COPY packages/testing/package.json packages/testing/
COPY test/package.json test/
RUN npm ci --omit=dev --ignore-scripts

FROM debian:bookworm-slim
# The pinned Node is linked against libatomic, which the slim image lacks.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends libatomic1 \
  && rm -rf /var/lib/apt/lists/*

# The users and groups of a start as root (HOLDFAST_UID_BASE): control plane, enclave, relay. An empty
# volume takes over owner and mode of the folder it is mounted on.
RUN install -d -m 0755 /data /data/run \
  && install -d -m 0700 -o 47100 -g 47100 /data/control \
  && install -d -m 0700 -o 47101 -g 47101 /data/enclave \
  && install -d -m 2750 -o 47101 -g 47100 /data/run/dispatch \
  && install -d -m 2750 -o 47102 -g 47101 /data/run/egress

WORKDIR /app
COPY --from=install /app /app
COPY apps apps
COPY enclave enclave
COPY migrations migrations
COPY packages packages
COPY scripts scripts
RUN node_modules/.bin/node scripts/build-browser.mjs

ENV HOLDFAST_DATA_DIR=/data
# Nothing in this image needs root; a container that names no user gets the least useful one.
USER 65534:65534
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/node_modules/.bin/node", "--conditions=@holdfast/source", "/app/apps/cli/src/main.ts"]
CMD ["--help"]
