#!/bin/bash
# One ssh process per host, all at once, the same script to each.
# usage: openssh.sh SCRIPT FOLDER USER HOST=ADDRESS...   with SSH_OPTIONS in the environment
set -u
script=$1 folder=$2 user=$3
shift 3
pids=()
for host; do
  # shellcheck disable=SC2086  # options are words
  ssh $SSH_OPTIONS "$user@${host#*=}" sudo -n /bin/sh -s <"$script" >"$folder/${host%%=*}" 2>"$folder/${host%%=*}.err" &
  pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
  wait "$pid" || failed=1
done
exit $failed
