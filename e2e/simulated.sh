#!/usr/bin/env bash
# Runs a command in a network namespace in which every pod of a simulated cluster is this machine:
# all addresses of e2e::simulated::PODS are its own. To be run by `unshare --net`.
set -euo pipefail
ip link set lo up
ip address add 10.128.0.1/9 dev lo
exec "$@"
