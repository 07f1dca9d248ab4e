package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/xds" // the xds:/// resolver
)

// How long one call may take before it counts as an error.
const patience = 5 * time.Second

// What to send, and where.
type order struct {
	protocol, target, host string
	calls, workers         int
	rate                   float64
	forTime                time.Duration
}

func orderFrom(name string, args []string) order {
	var o order
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	flags.StringVar(&o.protocol, "protocol", "http", "http, grpc or tcp")
	flags.StringVar(&o.target, "target", "", "HOST:PORT, or xds:///NAME")
	flags.StringVar(&o.host, "host", "", "name that is asked for; the target when left out")
	flags.IntVar(&o.calls, "calls", 10000, "how many")
	flags.IntVar(&o.workers, "workers", 32, "how many at a time")
	flags.Float64Var(&o.rate, "rate", 0, "calls a second; as many as go when 0")
	flags.DurationVar(&o.forTime, "for", 0, "ends after this long, however many are left")
	_ = flags.Parse(args)
	if o.target == "" {
		fmt.Fprintln(os.Stderr, "traffic: -target is missing")
		os.Exit(2)
	}
	return o
}

// One call: the name of who answered.
type call func() (string, error)

func (o order) caller() (call, error) {
	switch o.protocol {
	case "http":
		return o.http(), nil
	case "grpc":
		return o.grpc()
	case "tcp":
		return o.tcp(), nil
	}
	return nil, fmt.Errorf("no such protocol: %s", o.protocol)
}

func (o order) http() call {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: o.workers, DisableCompression: true}}
	return func() (string, error) {
		request, err := http.NewRequest(http.MethodGet, "http://"+o.target+"/", nil)
		if err != nil {
			return "", err
		}
		if o.host != "" {
			request.Host = o.host
		}
		answer, err := client.Do(request)
		if err != nil {
			return "", err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err == nil && answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("HTTP %d", answer.StatusCode)
		}
		return string(text), err
	}
}

func (o order) grpc() (call, error) {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(plain{})),
	}
	if o.host != "" {
		options = append(options, grpc.WithAuthority(o.host))
	}
	channel, err := grpc.NewClient(o.target, options...)
	if err != nil {
		return nil, err
	}
	return func() (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		var question, answer []byte
		err := channel.Invoke(ctx, "/echo.Echo/Say", &question, &answer)
		return string(answer), err
	}, nil
}

func (o order) tcp() call {
	return func() (string, error) {
		conn, err := net.DialTimeout("tcp", o.target, patience)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		text, err := io.ReadAll(conn)
		if err == nil && len(text) == 0 {
			err = fmt.Errorf("closed without an answer")
		}
		return string(text), err
	}
}
