#!/bin/bash
# From bare machines to announced addresses, as one would script it: all machines at once, each on its own.
#
# usage: plain.sh FOLDER USER NAME=ADDRESS=VIP...
# FOLDER holds kubeadm/NAME.yaml and overlays/NAME/{cilium,cilium-l2}/kustomization.yaml, and takes NAME.conf and NAME.log.
# SSH_OPTIONS are OpenSSH's; kubectl, kustomize and helm are on the PATH.
set -u
folder=$1 user=$2
shift 2
deadline=$((SECONDS + 600))

until_true() {
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || { echo "waited in vain for: $*" >&2; return 1; }
    sleep 0.5
  done
}

init_and_fetch() {
  # shellcheck disable=SC2086  # options are words
  ssh $SSH_OPTIONS "$user@$address" \
    "umask 077; cat >kubeadm.yaml; sudo -n kubeadm init --config kubeadm.yaml --skip-token-print >&2 && sudo -n cat /etc/kubernetes/admin.conf" \
    <"$folder/kubeadm/$name.yaml" >"$KUBECONFIG"
}

apply() {
  kustomize build "$folder/overlays/$name/$1" --enable-helm | kubectl apply --server-side -n kube-system -f -
}

rolled_out() {
  kubectl -n kube-system get daemonsets,deployments -o name |
    xargs -n 1 kubectl -n kube-system rollout status --timeout=300s
}

served() {
  kubectl get --raw /apis/cilium.io/v2 | grep -q '"ciliumloadbalancerippools"' &&
    kubectl get --raw /apis/cilium.io/v2alpha1 | grep -q '"ciliuml2announcementpolicies"'
}

assigned() {
  kubectl -n kube-system get service cilium-ingress -o 'jsonpath={.status.loadBalancer.ingress[0].ip}' | grep -qx "$vip"
}

announced() {
  kubectl -n kube-system get lease cilium-l2announce-kube-system-cilium-ingress -o 'jsonpath={.spec.holderIdentity}' |
    grep -q .
}

one() {
  set -e -o pipefail
  IFS='=' read -r name address vip <<<"$1"
  export KUBECONFIG=$folder/$name.conf
  init_and_fetch
  apply cilium
  until_true served
  apply cilium-l2
  kubectl wait --for=condition=Ready node --all --timeout=300s
  rolled_out
  until_true assigned
  until_true announced
}

umask 077
pids=()
for cluster; do
  (one "$cluster") >"$folder/${cluster%%=*}.log" 2>&1 &
  pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
  wait "$pid" || failed=1
done
exit $failed
