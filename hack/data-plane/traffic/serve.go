package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"google.golang.org/grpc"
)

// How to end each replica, by address.
type replicas map[string]func()

// serve obeys commands until its input ends, and answers each with a line.
func serve(in io.Reader, out io.Writer) {
	r := replicas{}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if err := r.obey(strings.Fields(lines.Text())); err != nil {
			fmt.Fprintln(out, "error:", err)
		} else {
			fmt.Fprintln(out, "done")
		}
	}
}

func (r replicas) obey(words []string) error {
	switch {
	case len(words) == 4 && words[0] == "open":
		return r.open(words[1], words[2], words[3])
	case len(words) == 2 && words[0] == "close":
		stop := r[words[1]]
		if stop == nil {
			return fmt.Errorf("nothing listens on %s", words[1])
		}
		stop()
		delete(r, words[1])
		return nil
	}
	return fmt.Errorf("no such command: %v", words)
}

func (r replicas) open(name, protocol, address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	body := []byte(name)
	switch protocol {
	case "http":
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(body)
		})}
		go func() { _ = server.Serve(listener) }()
		r[address] = func() { _ = server.Close() }
	case "grpc":
		server := grpc.NewServer(grpc.ForceServerCodec(plain{}), grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
			var asked []byte
			if err := s.RecvMsg(&asked); err != nil {
				return err
			}
			return s.SendMsg(&body)
		}))
		go func() { _ = server.Serve(listener) }()
		r[address] = server.Stop
	case "tcp":
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				go func() {
					_, _ = conn.Write(body)
					_ = conn.Close()
				}()
			}
		}()
		r[address] = func() { _ = listener.Close() }
	default:
		return fmt.Errorf("no such protocol: %s", protocol)
	}
	return nil
}

// plain sends bytes as they are: the story needs no message definitions.
type plain struct{}

func (plain) Name() string                  { return "plain" }
func (plain) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (plain) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
