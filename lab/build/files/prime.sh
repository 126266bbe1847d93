# Import image archives into a fresh containerd root: prime.sh ROOTFS CONTAINERD_ROOT ARCHIVES
# Runs in mount and process namespaces of its own, with the containerd and the configuration of the machines.
set -eu
rootfs=$1 root=$2 archives=$3

mount --bind "$rootfs" /mnt
for place in run tmp; do mount -t tmpfs tmpfs "/mnt/$place"; done
mount --bind "$root" /mnt/var/lib/containerd
mkdir /mnt/tmp/archives
mount --bind "$archives" /mnt/tmp/archives
mount -t proc proc /mnt/proc
mount --rbind /sys /mnt/sys
mount --rbind /dev /mnt/dev

exec chroot /mnt sh -eu -c '
  containerd &
  daemon=$!
  for _ in $(seq 300); do ctr version >/dev/null 2>&1 && break; sleep 0.1; done
  for archive in /tmp/archives/*.tar; do ctr --namespace k8s.io images import "$archive"; done
  ctr --namespace k8s.io images list --quiet
  kill $daemon
  wait $daemon
  # every machine has a name of its own
  rm -r /var/lib/containerd/io.containerd.grpc.v1.introspection
'
