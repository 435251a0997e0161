package main

import (
	"fmt"
	"os"
	"os/exec"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

const configuration = "/etc/cni/net.d/10-podnet.conflist"

// The plug-ins are Debian's containernetworking-plugins: a link for each pod, an address out of the node's own
// range, and host ports.
const conflist = `{
  "cniVersion": "0.4.0",
  "name": "podnet",
  "plugins": [
    {
      "type": "ptp",
      "ipMasq": false,
      "ipam": {
        "type": "host-local",
        "dataDir": "/run/cni-ipam-state",
        "routes": [{"dst": "0.0.0.0/0"}],
        "ranges": [[{"subnet": %q}]]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`

// followNodes writes the CNI configuration once the node has a range of pod addresses, and a route for the
// range of every other node.
func followNodes(self string, nodes cache.SharedIndexInformer) error {
	// A network namespace of a container engine need not forward.
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644); err != nil {
		return err
	}
	handle := func(object any) {
		node, ok := object.(*v1.Node)
		if !ok || node.Spec.PodCIDR == "" {
			return
		}
		var err error
		if node.Name == self {
			err = configure(node.Spec.PodCIDR)
		} else {
			err = route(node)
		}
		if err != nil {
			klog.Errorf("node %s: %v", node.Name, err)
		}
	}
	_, err := nodes.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    handle,
		UpdateFunc: func(_, object any) { handle(object) },
	})
	return err
}

// configure puts the file in place whole: containerd watches the folder.
func configure(subnet string) error {
	wanted := fmt.Sprintf(conflist, subnet)
	if present, err := os.ReadFile(configuration); err == nil && string(present) == wanted {
		return nil
	}
	partial := configuration + ".partial"
	if err := os.WriteFile(partial, []byte(wanted), 0o644); err != nil {
		return err
	}
	return os.Rename(partial, configuration)
}

func route(node *v1.Node) error {
	for _, address := range node.Status.Addresses {
		if address.Type == v1.NodeInternalIP {
			said, err := exec.Command("ip", "route", "replace", node.Spec.PodCIDR, "via", address.Address).CombinedOutput()
			if err != nil {
				return fmt.Errorf("%w: %s", err, said)
			}
			return nil
		}
	}
	return nil
}
