# First program of a node, in mount, UTS and network namespaces of its own: gives containerd, the
# kubelet and the CNI plugins the paths that they expect, each node with its own content, and
# becomes containerd. Arguments: the node's directory, the node's name.
set -eu
directory=$1
hostname "$2"
mount --make-rshared /

at() {
	mkdir -p "$directory/$1" "$2"
	mount --bind "$directory/$1" "$2"
}
at containerd /var/lib/containerd
at run-containerd /run/containerd
at kubelet /var/lib/kubelet
at pods /var/log/pods
at containers /var/log/containers
at net.d /etc/cni/net.d
at cni /var/lib/cni
at netns /run/netns

# The kubelet insists on the values of three kernel settings that belong to the whole machine: it
# is shown files with the values that it wants instead.
mkdir -p "$directory/sysctl"
setting() {
	echo "$2" >"$directory/sysctl/${1##*/}"
	mount --bind "$directory/sysctl/${1##*/}" "/proc/sys/$1"
}
setting kernel/panic 10
setting kernel/panic_on_oops 1
setting vm/overcommit_memory 1

# Where both layouts of control groups are mounted, runc would take this one for the real one.
umount /sys/fs/cgroup/unified 2>/dev/null || true
exec containerd --config "$directory/containerd.toml"
