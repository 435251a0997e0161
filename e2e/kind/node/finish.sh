#!/bin/sh
# Turns a Debian root file system into a node of kind, as images/base/Dockerfile of kind does it.
# Called by mmdebstrap with the root; overlay.tar and images.tar lie beside this script.
set -eu
root=$1
here=$(dirname "$0")

tar --directory "$root" --extract --file "$here/overlay.tar"
chroot "$root" sh -eu <<'INSIDE'
rm -f /lib/systemd/system/containerd.service
rm -f /lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service
rm -f /lib/systemd/system/multi-user.target.wants/* /etc/systemd/system/*.wants/*
rm -f /lib/systemd/system/local-fs.target.wants/* /lib/systemd/system/basic.target.wants/*
rm -f /lib/systemd/system/sockets.target.wants/*udev* /lib/systemd/system/sockets.target.wants/*initctl*
echo ReadKMsg=no >> /etc/systemd/journald.conf
systemctl enable kubelet.service containerd.service undo-mount-hacks.service
systemctl mask systemd-binfmt.service
mkdir -p /etc/kubernetes/manifests /opt/cni
ln -s /usr/lib/cni /opt/cni/bin
ctr oci spec \
    | jq '.hooks.createContainer += [{"path": "/kind/bin/mount-product-files.sh"}] | del(.process.rlimits)' \
    > /etc/containerd/cri-base.json
INSIDE

# The images lie in the node's content store, still packed: unpacking is for the node's own file system.
cat > "$root/tmp/containerd.toml" <<'INSIDE'
version = 2
disabled_plugins = ["io.containerd.grpc.v1.cri"]
INSIDE
chroot "$root" containerd --config /tmp/containerd.toml --log-level warn &
containerd=$!
trap 'kill "$containerd" 2>/dev/null || true' EXIT
tries=0
until chroot "$root" ctr version >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || exit 1
    sleep 0.1
done
chroot "$root" ctr --namespace k8s.io images import --all-platforms --no-unpack - < "$here/images.tar"
kill "$containerd"
wait "$containerd" || true
trap - EXIT
rm -rf "$root/tmp/containerd.toml" "$root/run/containerd" "$root"/var/cache/apt/*.bin "$root"/var/lib/apt/lists/*
