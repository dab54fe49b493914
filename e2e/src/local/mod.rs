//! A Kubernetes cluster without Docker: its nodes are network namespaces of this machine, each
//! with a containerd and a kubelet of its own. It needs root on Linux, and nothing else runs on
//! the machine afterwards than before, once [`down::clean`] has been here.

pub mod cgroup;
pub mod container_runtime;
mod control_plane;
mod daemon;
mod dns;
pub mod down;
mod kubelet;
pub mod layout;
pub mod leftovers;
pub mod network;
pub mod processes;
mod storage;
pub mod up;
mod wrappers;
