#!/bin/bash
# From bare machines to announced addresses, as one would script it: all machines at once, each on its own.
#
# usage: plain.sh FOLDER USER NAME=ADDRESS=VIP...
# FOLDER holds kubeadm/NAME.yaml and overlays/NAME/COMPONENT/kustomization.yaml (prometheus-crds, cilium, cilium-l2,
# kube-system), and takes NAME.conf, NAME.log and NAME.certificates.
# SSH_OPTIONS are OpenSSH's; kubectl, kustomize, helm and openssl are on the PATH.
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

certify() {
  # one Secret: its name, and the name in its certificate; of the authority in the present folder
  openssl req -x509 "${new_key[@]}" -CA ca.crt -CAkey ca.key -days 365 -subj "/CN=$2" -addext "subjectAltName=DNS:$2" \
    -keyout tls.key -out tls.crt
  kubectl -n kube-system create secret generic "$1" --from-file=ca.crt --from-file=tls.crt --from-file=tls.key
}

certify_hubble() {
  local new_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc)
  mkdir "$folder/$name.certificates"
  cd "$folder/$name.certificates"
  openssl req -x509 "${new_key[@]}" -days 3650 -subj /CN=hubble -keyout ca.key -out ca.crt
  certify hubble-server-certs "*.$name.hubble-grpc.cilium.io"
  certify hubble-relay-client-certs '*.hubble-relay.cilium.io'
}

rolled_out() {
  kubectl -n kube-system get daemonsets,deployments -o name |
    xargs -n 1 kubectl -n kube-system rollout status --timeout=300s
}

served() {
  local listed
  listed=$(kubectl get --raw /apis/cilium.io/v2) &&
    grep -q '"ciliumloadbalancerippools"' <<<"$listed" &&
    grep -q '"ciliumnetworkpolicies"' <<<"$listed" &&
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
  apply prometheus-crds
  kubectl wait --for=condition=Established crd --all --timeout=60s
  (certify_hubble)
  apply cilium
  until_true served
  apply cilium-l2
  apply kube-system
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
