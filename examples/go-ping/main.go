// A plain go-libp2p node: it knows nothing of P2P Sync, only what every libp2p node speaks: TCP with Noise (or TLS) and
// yamux or QUIC, identify, ping. It shows that a member and a node of another language and library understand each other.
//
//	go-ping dial ADDRESS    connects, tells what identify says, pings, and waits for the other side to part
//	go-ping listen          prints its addresses, and who comes and goes, until its input ends
//
// Every line of output is an event: a word, then what belongs to it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	tls "github.com/libp2p/go-libp2p/p2p/security/tls"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
)

const usage = `usage: go-ping [-pings 3] [-security noise|tls] [-within 15s] dial ADDRESS
       go-ping [-security noise|tls] listen
ADDRESS is one that a node prints at its start, such as /ip4/127.0.0.1/tcp/4001/p2p/12D3Koo...`

var errUsage = errors.New(usage)

func main() {
	err := run()
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	if errors.Is(err, errUsage) {
		os.Exit(2)
	}
	os.Exit(1)
}

func run() error {
	flags := flag.NewFlagSet("go-ping", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprintln(os.Stderr, usage) }
	pings := flags.Int("pings", 3, "how many pings to send")
	security := flags.String("security", "noise", "how a TCP connection is encrypted")
	within := flags.Duration("within", 15*time.Second, "for how long to wait in all")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return err
	}
	words := flags.Args()
	switch {
	case len(words) == 2 && words[0] == "dial":
		node, err := newNode(*security)
		if err != nil {
			return err
		}
		defer node.Close()
		ctx, cancel := context.WithTimeout(context.Background(), *within)
		defer cancel()
		return dial(ctx, node, words[1], *pings)
	case len(words) == 1 && words[0] == "listen":
		node, err := newNode(*security, "/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1")
		if err != nil {
			return err
		}
		defer node.Close()
		return listen(node)
	default:
		return errUsage
	}
}

func newNode(security string, listen ...string) (host.Host, error) {
	encryption := libp2p.Security(noise.ID, noise.New)
	if security == "tls" {
		encryption = libp2p.Security(tls.ID, tls.New)
	} else if security != "noise" {
		return nil, errUsage
	}
	options := []libp2p.Option{
		libp2p.UserAgent("go-ping"),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Transport(quic.NewTransport),
		encryption,
		libp2p.DisableRelay(),
	}
	if len(listen) == 0 {
		return libp2p.New(append(options, libp2p.NoListenAddrs)...)
	}
	return libp2p.New(append(options, libp2p.ListenAddrStrings(listen...))...)
}

func dial(ctx context.Context, node host.Host, address string, pings int) error {
	info, err := peer.AddrInfoFromString(address)
	if err != nil {
		return fmt.Errorf("%q is no address with a peer id: %w", address, err)
	}
	fmt.Printf("self %s\n", node.ID())
	gone := watch(node)
	identified, err := node.EventBus().Subscribe(new(event.EvtPeerIdentificationCompleted))
	if err != nil {
		return err
	}
	defer identified.Close()
	if err := node.Connect(ctx, *info); err != nil {
		return err
	}
	select {
	case found := <-identified.Out():
		tellIdentity(found.(event.EvtPeerIdentificationCompleted))
	case <-ctx.Done():
		return errors.New("connected, but identify did not end in time")
	}
	if err := pingAll(ctx, node, info.ID, pings); err != nil {
		return err
	}
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return errors.New("the other side kept the connection to somebody who is no member")
	}
}

func pingAll(ctx context.Context, node host.Host, id peer.ID, count int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := ping.Ping(ctx, node, id)
	for sent := range count {
		result, open := <-results
		if !open || result.Error != nil {
			return fmt.Errorf("ping %d of %d failed: %w", sent+1, count, errors.Join(result.Error, ctx.Err()))
		}
		fmt.Printf("ping %s\n", result.RTT)
	}
	return nil
}

func listen(node host.Host) error {
	watch(node)
	identified, err := node.EventBus().Subscribe(new(event.EvtPeerIdentificationCompleted))
	if err != nil {
		return err
	}
	go func() {
		for found := range identified.Out() {
			tellIdentity(found.(event.EvtPeerIdentificationCompleted))
		}
	}()
	for _, address := range node.Addrs() {
		fmt.Printf("listening %s/p2p/%s\n", address, node.ID())
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// Tells of connections as they come and go; the channel gets one value for each that ended.
func watch(node host.Host) <-chan struct{} {
	gone := make(chan struct{}, 16)
	node.Network().Notify(&network.NotifyBundle{
		ConnectedF: func(_ network.Network, conn network.Conn) {
			fmt.Printf("connected %s\n", describe(conn))
		},
		DisconnectedF: func(_ network.Network, conn network.Conn) {
			fmt.Printf("disconnected after=%s\n", time.Since(conn.Stat().Opened).Round(time.Millisecond))
			gone <- struct{}{}
		},
	})
	return gone
}

func describe(conn network.Conn) string {
	state := conn.ConnState()
	encryption, muxer := state.Security, state.StreamMultiplexer
	if state.Transport == "quic-v1" {
		encryption, muxer = "its own", "its own"
	}
	return fmt.Sprintf("peer=%s transport=%s encryption=%s muxer=%s", conn.RemotePeer(), state.Transport, encryption, muxer)
}

func tellIdentity(found event.EvtPeerIdentificationCompleted) {
	protocols := make([]string, 0, len(found.Protocols))
	for _, protocol := range found.Protocols {
		protocols = append(protocols, string(protocol))
	}
	slices.Sort(protocols)
	fmt.Printf("identified agent=%s seen-as=%s protocols=%s\n", found.AgentVersion, found.ObservedAddr, strings.Join(protocols, ","))
}
