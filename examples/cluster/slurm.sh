#!/usr/bin/env bash
# A study on the nodes of a SLURM allocation: sbatch examples/cluster/slurm.sh quickstart trials=10
#SBATCH --job-name=headstart
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=04:00:00
# With GPUs: #SBATCH --gpus-per-node=4
set -euo pipefail

# Both must be in folders that all nodes share.
STORE=${STORE:-$HOME/headstart-store}
OUT=${OUT:-$HOME/runs}
PORT=${PORT:-6379}

head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | sed -n 1p) # reads all names: a pipe closed early would end this script

# On every node: Ray starts, and on the first of them the study runs; at its end Ray stops. Its exit code is the job's.
srun --nodes="$SLURM_JOB_NUM_NODES" --ntasks="$SLURM_JOB_NUM_NODES" \
    ray symmetric-run --address "$head:$PORT" --min-nodes "$SLURM_JOB_NUM_NODES" --num-cpus "$SLURM_CPUS_PER_TASK" -- \
    headstart study run "$@" --launcher ray --address "$head:$PORT" --store "$STORE" --out "$OUT"
