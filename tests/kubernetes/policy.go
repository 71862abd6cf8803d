package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// How long changes are collected, and how soon what failed is tried again.
const (
	collect = 50 * time.Millisecond
	again   = time.Second
)

// enforce holds the pods of a one-node cluster to its NetworkPolicies (networking.k8s.io/v1). Whatever changes, the rules
// are computed anew from all pods, namespaces and policies, and replace the old ones in one transaction of nftables.
func enforce(args []string) int {
	flags := flag.NewFlagSet(args[0], flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "how to reach the cluster")
	pods := flags.String("pods", "", "the range of pods' addresses; those of it that no known pod has pass nothing")
	_ = flags.Parse(args[1:])
	if err := follow(*kubeconfig, *pods); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func follow(kubeconfig, pods string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	core, networking := factory.Core().V1(), factory.Networking().V1()
	changed := make(chan struct{}, 1)
	tell := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { tell() },
		UpdateFunc: func(any, any) { tell() },
		DeleteFunc: func(any) { tell() },
	}
	watched := []cache.SharedIndexInformer{
		core.Pods().Informer(), core.Namespaces().Informer(), networking.NetworkPolicies().Informer(),
	}
	for _, informer := range watched {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return err
		}
	}
	factory.Start(nil)
	// With too few rights this waits for ever: whoever waits for the table sees that nothing is enforced.
	factory.WaitForCacheSync(nil)
	tell()
	last := ""
	for range changed {
		state, err := read(core.Pods().Lister(), core.Namespaces().Lister(), networking.NetworkPolicies().Lister())
		if err != nil {
			return err
		}
		if table := state.table(pods); table != last {
			if err := replace(table); err != nil {
				log.Print(err)
				time.Sleep(again)
				tell()
				continue
			}
			last = table
		}
		time.Sleep(collect)
	}
	return nil
}

// replace puts the table in the place of the one that was there.
func replace(table string) error {
	nft := exec.Command("nft", "--file", "-")
	nft.Stdin = strings.NewReader("table ip " + tableName + "\ndelete table ip " + tableName + "\n" + table)
	if said, err := nft.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s\n%s", err, said, table)
	}
	return nil
}

var everything = labels.Everything()
