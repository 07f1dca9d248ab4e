// Command traffic is both ends of the calls that the routing story and its bench count.
//
//	traffic serve    plays replicas; commands on stdin: "open NAME PROTOCOL ADDRESS", "close ADDRESS"
//	traffic load     sends calls and says who answered, as one JSON document
//	traffic watch    sends one call after the other and prints "NAME MICROSECONDS" each time somebody else answers
//
// Protocols are http, grpc and tcp. A grpc target may be xds:///NAME: then this is a proxyless client of a discovery server
// (GRPC_XDS_BOOTSTRAP_CONFIG).
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("say serve, load or watch"))
	}
	switch os.Args[1] {
	case "serve":
		serve(os.Stdin, os.Stdout)
	case "load":
		fail(load(os.Args[2:]))
	case "watch":
		fail(watch(os.Args[2:]))
	default:
		fail(fmt.Errorf("%q is none of serve, load, watch", os.Args[1]))
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "traffic:", err)
		os.Exit(1)
	}
}
