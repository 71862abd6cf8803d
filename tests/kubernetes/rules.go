package main

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	core "k8s.io/client-go/listers/core/v1"
	networking "k8s.io/client-go/listers/networking/v1"
)

const tableName = "network_policy"

// state is what rules are made from: the pods that have an address, labels by namespace, all policies.
type state struct {
	pods       []*corev1.Pod
	namespaces map[string]map[string]string
	policies   []*networkingv1.NetworkPolicy
}

func read(pods core.PodLister, namespaces core.NamespaceLister, policies networking.NetworkPolicyLister) (*state, error) {
	all, err := pods.List(everything)
	if err != nil {
		return nil, err
	}
	spaces, err := namespaces.List(everything)
	if err != nil {
		return nil, err
	}
	held, err := policies.List(everything)
	if err != nil {
		return nil, err
	}
	s := &state{namespaces: map[string]map[string]string{}, policies: slices.Clone(held)}
	for _, pod := range all {
		done := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		if pod.Status.PodIP != "" && !pod.Spec.HostNetwork && !done {
			s.pods = append(s.pods, pod)
		}
	}
	for _, space := range spaces {
		s.namespaces[space.Name] = space.Labels
	}
	slices.SortFunc(s.pods, func(a, b *corev1.Pod) int { return strings.Compare(a.Status.PodIP, b.Status.PodIP) })
	slices.SortFunc(s.policies, func(a, b *networkingv1.NetworkPolicy) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	return s, nil
}

func selects(selector *metav1.LabelSelector, of map[string]string) bool {
	read, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && read.Matches(labels.Set(of))
}

// table gives all rules. A pod that some policy selects for a direction has a chain for it, in which what is allowed
// returns and everything else is dropped. The node reaches its own pods: its output is not looked at.
func (s *state) table(known string) string {
	var chains, out, in strings.Builder
	for _, pod := range s.pods {
		for _, side := range []struct {
			kind          networkingv1.PolicyType
			prefix, which string
			jumps         *strings.Builder
		}{
			{networkingv1.PolicyTypeEgress, "out", "saddr", &out},
			{networkingv1.PolicyTypeIngress, "in", "daddr", &in},
		} {
			allowed, isolated := s.allowed(pod, side.kind)
			if !isolated {
				continue
			}
			chain := side.prefix + "-" + strings.ReplaceAll(pod.Status.PodIP, ".", "-")
			fmt.Fprintf(&chains, "  chain %s { # %s/%s\n", chain, pod.Namespace, pod.Name)
			for _, rule := range allowed {
				fmt.Fprintf(&chains, "    %s return\n", rule)
			}
			chains.WriteString("    drop\n  }\n")
			fmt.Fprintf(side.jumps, "    ip %s %s jump %s\n", side.which, pod.Status.PodIP, chain)
		}
	}
	from, to := s.unknown(known)
	return "table ip " + tableName + " {\n" + chains.String() +
		hook("forward", "ct state established,related accept\n"+from+to, out.String()+in.String()) +
		hook("input", "iif lo accept\n    ct state established,related accept\n"+from, out.String()) + "}\n"
}

func hook(name, first, rules string) string {
	const head = "  chain %s {\n    type filter hook %s priority filter - 1; policy accept;\n    %s%s  }\n"
	return fmt.Sprintf(head, name, name, first, rules)
}

// unknown drops what addresses of the pods' range send or get that no known pod has: a pod is on the network a moment
// before its address is known.
func (s *state) unknown(known string) (from, to string) {
	if known == "" {
		return "", ""
	}
	addresses := []string{"0.0.0.0"}
	for _, pod := range s.pods {
		addresses = append(addresses, pod.Status.PodIP)
	}
	set := "{ " + strings.Join(addresses, ", ") + " }"
	drop := func(which string) string {
		return fmt.Sprintf("    ip %s %s ip %s != %s drop\n", which, known, which, set)
	}
	return drop("saddr"), drop("daddr")
}

// allowed gives what the policies of a pod let through in one direction, and whether there is any such policy.
func (s *state) allowed(pod *corev1.Pod, kind networkingv1.PolicyType) (rules []string, isolated bool) {
	for _, policy := range s.policies {
		spec := policy.Spec
		mine := policy.Namespace == pod.Namespace && selects(&spec.PodSelector, pod.Labels)
		if !mine || !slices.Contains(spec.PolicyTypes, kind) {
			continue
		}
		isolated = true
		if kind == networkingv1.PolicyTypeIngress {
			for _, rule := range spec.Ingress {
				rules = append(rules, cross(s.peers("saddr", pod.Namespace, rule.From), ports(rule.Ports, []*corev1.Pod{pod}))...)
			}
		} else {
			for _, rule := range spec.Egress {
				rules = append(rules, cross(s.peers("daddr", pod.Namespace, rule.To), ports(rule.Ports, s.pods))...)
			}
		}
	}
	return rules, isolated
}

// cross joins each match of the one with each of the other.
func cross(peers, ports []string) []string {
	var rules []string
	for _, peer := range peers {
		for _, port := range ports {
			rules = append(rules, strings.TrimSpace(peer+" "+port))
		}
	}
	return rules
}

// peers gives the matches of a rule's peers; without any, everybody is one.
func (s *state) peers(which, namespace string, peers []networkingv1.NetworkPolicyPeer) []string {
	if len(peers) == 0 {
		return []string{""}
	}
	var matches, addresses []string
	for _, peer := range peers {
		if block := peer.IPBlock; block != nil {
			match := "ip " + which + " " + block.CIDR
			if len(block.Except) > 0 {
				match += " ip " + which + " != { " + strings.Join(block.Except, ", ") + " }"
			}
			matches = append(matches, match)
			continue
		}
		for _, pod := range s.pods {
			if s.isPeer(peer, namespace, pod) {
				addresses = append(addresses, pod.Status.PodIP)
			}
		}
	}
	if len(addresses) > 0 {
		slices.Sort(addresses)
		matches = append(matches, "ip "+which+" { "+strings.Join(slices.Compact(addresses), ", ")+" }")
	}
	return matches
}

func (s *state) isPeer(peer networkingv1.NetworkPolicyPeer, namespace string, pod *corev1.Pod) bool {
	if peer.NamespaceSelector == nil && pod.Namespace != namespace {
		return false
	}
	if peer.NamespaceSelector != nil && !selects(peer.NamespaceSelector, s.namespaces[pod.Namespace]) {
		return false
	}
	return peer.PodSelector == nil || selects(peer.PodSelector, pod.Labels)
}

// ports gives the matches of a rule's ports; a named one is that of the pods to which the traffic goes.
func ports(ports []networkingv1.NetworkPolicyPort, to []*corev1.Pod) []string {
	if len(ports) == 0 {
		return []string{""}
	}
	var matches []string
	for _, port := range ports {
		protocol := "tcp"
		if port.Protocol != nil {
			protocol = strings.ToLower(string(*port.Protocol))
		}
		switch {
		case port.Port == nil:
			matches = append(matches, "meta l4proto "+protocol)
		case port.Port.Type == intstr.Int && port.EndPort != nil:
			matches = append(matches, fmt.Sprintf("%s dport %d-%d", protocol, port.Port.IntVal, *port.EndPort))
		case port.Port.Type == intstr.Int:
			matches = append(matches, fmt.Sprintf("%s dport %d", protocol, port.Port.IntVal))
		default:
			matches = append(matches, named(port.Port.StrVal, protocol, to)...)
		}
	}
	return matches
}

func named(name, protocol string, to []*corev1.Pod) []string {
	var matches []string
	for _, pod := range to {
		for _, container := range pod.Spec.Containers {
			for _, port := range container.Ports {
				if port.Name == name && strings.EqualFold(string(port.Protocol), protocol) {
					match := "ip daddr %s %s dport %d"
					matches = append(matches, fmt.Sprintf(match, pod.Status.PodIP, protocol, port.ContainerPort))
				}
			}
		}
	}
	return matches
}
