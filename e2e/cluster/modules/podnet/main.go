// The pod network of one node of a kind cluster: addresses for its pods, routes to the pods of the other
// nodes, and NetworkPolicies.
//
// It runs in the node's network namespace, on each node. What it needs of the node it finds in NODE_NAME, the
// API server in CONTROL_PLANE_ENDPOINT, as kind sets it, so that it need not wait for kube-proxy.
// NetworkPolicies are the work of kube-router's firewall controller; nothing else of kube-router is used.
package main

import (
	"flag"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
)

func main() {
	services := flag.String("service-cidr", "10.96.0.0/16", "the addresses of Services")
	flag.Parse()
	if err := run(os.Getenv("NODE_NAME"), os.Getenv("CONTROL_PLANE_ENDPOINT"), *services); err != nil {
		klog.Fatal(err)
	}
}

func run(node, endpoint, services string) error {
	access, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	access.Host = "https://" + endpoint
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	factory := informers.NewSharedInformerFactory(client, 0)
	if err := followNodes(node, factory.Core().V1().Nodes().Informer()); err != nil {
		return err
	}
	start, err := policies(client, factory, node, services)
	if err != nil {
		return err
	}
	factory.Start(stop)
	factory.WaitForCacheSync(stop)

	var running sync.WaitGroup
	if err := start(stop, &running); err != nil {
		return err
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	<-ended
	close(stop)
	running.Wait()
	return nil
}

// policies registers the informers that the firewall controller needs and returns what starts it.
func policies(
	client kubernetes.Interface, factory informers.SharedInformerFactory, node, services string,
) (func(stop <-chan struct{}, running *sync.WaitGroup) error, error) {
	config := options.NewKubeRouterConfig()
	config.HostnameOverride = node
	config.EnableIPv4 = true
	config.ClusterIPCIDRs = []string{services}

	pods := factory.Core().V1().Pods().Informer()
	namespaces := factory.Core().V1().Namespaces().Informer()
	rules := factory.Networking().V1().NetworkPolicies().Informer()
	tables, sets, err := netpol.NewIPTablesHandlers(config)
	if err != nil {
		return nil, err
	}
	return func(stop <-chan struct{}, running *sync.WaitGroup) error {
		controller, err := netpol.NewNetworkPolicyController(
			client, config, pods, rules, namespaces, &sync.Mutex{}, tables, sets)
		if err != nil {
			return err
		}
		if _, err := pods.AddEventHandler(controller.PodEventHandler); err != nil {
			return err
		}
		if _, err := namespaces.AddEventHandler(controller.NamespaceEventHandler); err != nil {
			return err
		}
		if _, err := rules.AddEventHandler(controller.NetworkPolicyEventHandler); err != nil {
			return err
		}
		heartbeats := make(chan *healthcheck.ControllerHeartbeat)
		go func() {
			for range heartbeats { // nobody asks for its health, but it must not block on telling
			}
		}()
		running.Add(1)
		go controller.Run(heartbeats, stop, running)
		return nil
	}, nil
}
