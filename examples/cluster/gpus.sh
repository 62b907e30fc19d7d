#!/usr/bin/env bash
# A study on one machine with several GPUs, with Ray or without: both keep every GPU busy with several runs.
#     examples/cluster/gpus.sh quickstart device=cuda
# Some of them only: GPUS=0,2 examples/cluster/gpus.sh quickstart device=cuda
set -euo pipefail

if [[ -n "${GPUS:-}" ]]; then export CUDA_VISIBLE_DEVICES=$GPUS; fi
headstart study run "$@" --launcher "${LAUNCHER:-ray}"
