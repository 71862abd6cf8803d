// Command kubernetes is a real Kubernetes in one binary: the API server, the controller manager, the store behind them,
// kubectl, and what a node needs: scheduler, kubelet, kube-proxy and an enforcer of network policies. Which of them it is
// depends on the name it is started under (or on its first argument), because they share almost all of their code: one
// binary costs one compile and a quarter of the disk.
//
// It exists for tests. `cargo xtask` builds it, caches it and starts it on loopback.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/client-go/util/keyutil"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// A part takes its arguments as the original program does: its own name first.
type part func(args []string) int

var parts = map[string]part{
	"etcd":                    func(args []string) int { etcdmain.Main(args); return 0 },
	"kube-apiserver":          command(apiserver.NewAPIServerCommand),
	"kube-controller-manager": command(controllers.NewControllerManagerCommand),
	"kube-proxy":              command(proxy.NewProxyCommand),
	"kube-scheduler":          command(func() *cobra.Command { return scheduler.NewSchedulerCommand() }),
	"kubectl":                 command(kubectl.NewDefaultKubectlCommand),
	// the context of signals, which the others make, it makes itself
	"kubelet":            command(func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) }),
	"network-policy":     enforce,
	"client-certificate": clientCertificate,
	"signing-key":        signingKey,
}

// command makes a part of a Cobra command. It is built only when it is asked for: each registers global state.
func command(build func() *cobra.Command) part {
	return func(args []string) int {
		os.Args = args
		return cli.Run(build())
	}
}

// signingKey makes the key that service accounts' tokens are signed with, in the file named by its argument. It is
// here so that nothing else has to be on the machine for it.
func signingKey(args []string) int {
	if len(args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: signing-key FILE")
		return 2
	}
	if _, _, err := keyutil.LoadOrGenerateKeyFile(args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "no signing key:", err)
		return 1
	}
	return 0
}

func main() {
	args := os.Args
	run, found := parts[filepath.Base(args[0])]
	if !found && len(args) > 1 {
		args = args[1:]
		run, found = parts[args[0]]
	}
	if !found {
		fmt.Fprintf(os.Stderr, "start this under one of these names, or give one as the first argument: %s\n", names())
		os.Exit(2)
	}
	os.Exit(run(args))
}

func names() string {
	var all []string
	for name := range parts {
		all = append(all, name)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
