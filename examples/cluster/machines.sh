#!/usr/bin/env bash
# A study on several machines by hand. On the first, and then on each of the others:
#     examples/cluster/machines.sh head
#     examples/cluster/machines.sh join FIRST:6379
# On the first again, and at last on all of them:
#     examples/cluster/machines.sh run quickstart --store /shared/headstart --out runs
#     examples/cluster/machines.sh stop
# A port and a number of cores of your own: PORT=6380 CPUS=8 examples/cluster/machines.sh head
set -euo pipefail

PORT=${PORT:-6379}
verb=${1:?say head, join, run or stop}
shift
cores=()
if [[ -n "${CPUS:-}" ]]; then cores=(--num-cpus "$CPUS"); fi

case $verb in
    head) ray start --head --port "$PORT" --disable-usage-stats "${cores[@]}" ;;
    join) ray start --address "${1:?join needs FIRST:PORT}" "${cores[@]}" ;;
    run) headstart study run "$@" --launcher ray --address auto ;;
    stop) ray stop ;;
    *)
        echo "unknown verb '$verb': say head, join, run or stop" >&2
        exit 2
        ;;
esac
