#!/bin/bash
# One ssh process per host, WORKERS at a time; a login that the server drops is tried again, and counted.
# usage: openssh_many.sh SCRIPT FOLDER USER WORKERS HOST=ADDRESS...   with SSH_OPTIONS in the environment
# Prints `retries N`.
set -u
export script=$1 folder=$2 user=$3
workers=$4
shift 4
one() {
  name=${1%%=*} address=${1#*=}
  for attempt in 1 2 3 4 5 6 7 8; do
    # shellcheck disable=SC2086  # options are words
    ssh $SSH_OPTIONS "$user@$address" sudo -n /bin/sh -s <"$script" >"$folder/$name" 2>"$folder.$name.err" && return 0
    [ $? = 255 ] || return 1
    echo "$attempt" >>"$folder.retries"
    sleep "0.$((RANDOM % 9 + 1))"
  done
  return 1
}
export -f one
printf '%s\n' "$@" | xargs -P "$workers" -I '{}' bash -c 'one {}'
code=$?
echo "retries $(cat "$folder.retries" 2>/dev/null | wc -l)"
exit $code
