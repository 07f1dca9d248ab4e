// delay joins network namespaces by a path of known delay. Test equipment for Linux, needs root (CAP_NET_ADMIN and CAP_SYS_ADMIN).
//
// Each namespace gets a TUN device; packets that enter one leave another one after the delay of that direction, in order. How
// long each packet was really held is measured here and told, so that a test compares with what was, not with what was wished.
//
// Lines on stdin:
//
//	node NAME NETNS-FILE ADDRESS      a namespace, its TUN device and its IPv4 address (in a /24)
//	also NAME ADDRESS                 another IPv4 address behind a node; its namespace is told by who asks
//	gone NAME ADDRESS                 it is not there any more
//	delay FROM TO MICROSECONDS        from now on; negative drops. Directions that were never named drop too
//	report                            prints "held FROM TO PACKETS MEDIAN" (microseconds) for each direction since the last, then "done"
//
// It answers each line with "ok" or "error ..." (report with "done"), and ends with stdin.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	device   = "edge0"
	packet   = 2048
	queue    = 1024
	mostHeld = 100_000
	spin     = 200 * time.Microsecond
	newNet   = 0x40000000
	tunSet   = 0x400454ca
	tunNoPi  = 0x1001
)

type held struct {
	bytes []byte
	at    time.Time
	until time.Time
}

type direction struct {
	micros  atomic.Int64
	packets chan held
	lock    sync.Mutex
	seen    []time.Duration
}

type node struct {
	name    string
	address [4]byte
	also    [][4]byte
	tun     int
	to      map[[4]byte]*direction
}

var (
	nodes = map[string]*node{}
	// Guards the maps of directions: packets are looked up while lines add to them.
	lock sync.RWMutex
)

// setns has no name in package syscall.
var setns = map[string]uintptr{"amd64": 308, "arm64": 268}[runtime.GOARCH]

// open makes the TUN device of a namespace on this thread, which then goes back to where it was.
func open(file, address string) (int, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return 0, err
	}
	defer home.Close()
	other, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer other.Close()
	if _, _, errno := syscall.RawSyscall(setns, other.Fd(), newNet, 0); errno != 0 {
		return 0, fmt.Errorf("setns %s: %v", file, errno)
	}
	defer syscall.RawSyscall(setns, home.Fd(), newNet, 0)
	tun, err := syscall.Open("/dev/net/tun", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("/dev/net/tun: %v", err)
	}
	var request [40]byte
	copy(request[:16], device)
	*(*uint16)(unsafe.Pointer(&request[16])) = tunNoPi
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(tun), tunSet, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return 0, fmt.Errorf("TUNSETIFF: %v", errno)
	}
	for _, words := range []string{"addr add " + address + "/24 dev " + device, "link set lo up", "link set " + device + " up"} {
		if said, err := exec.Command("ip", strings.Fields(words)...).CombinedOutput(); err != nil {
			return 0, fmt.Errorf("ip %s: %s", words, strings.TrimSpace(string(said)))
		}
	}
	return tun, nil
}

// take reads what a namespace sends and gives each packet to its direction.
func (n *node) take() {
	runtime.LockOSThread()
	for {
		bytes := make([]byte, packet)
		length, err := syscall.Read(n.tun, bytes)
		at := time.Now()
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return
		}
		if length < 20 || bytes[0]>>4 != 4 {
			continue
		}
		lock.RLock()
		way := n.to[[4]byte(bytes[16:20])]
		lock.RUnlock()
		if way == nil {
			continue
		}
		micros := way.micros.Load()
		if micros < 0 {
			continue
		}
		select {
		case way.packets <- held{bytes[:length], at, at.Add(time.Duration(micros) * time.Microsecond)}:
		default:
		}
	}
}

// give holds packets until their time has come: sleeps most of it and spins the rest, for the kernel's timers are late.
func (d *direction) give(tun int) {
	runtime.LockOSThread()
	for one := range d.packets {
		if rest := time.Until(one.until) - spin; rest > 0 {
			sleep := syscall.NsecToTimespec(rest.Nanoseconds())
			_ = syscall.Nanosleep(&sleep, nil)
		}
		for time.Now().Before(one.until) {
		}
		if _, err := syscall.Write(tun, one.bytes); err != nil {
			continue
		}
		was := time.Since(one.at)
		d.lock.Lock()
		if len(d.seen) < mostHeld {
			d.seen = append(d.seen, was)
		}
		d.lock.Unlock()
	}
}

func addNode(name, file, text string) error {
	ip := net.ParseIP(text).To4()
	if ip == nil {
		return fmt.Errorf("%s is no IPv4 address", text)
	}
	tun, err := open(file, text)
	if err != nil {
		return err
	}
	n := &node{name: name, address: [4]byte(ip), tun: tun, to: map[[4]byte]*direction{}}
	nodes[name] = n
	go n.take()
	return nil
}

func addAddress(name, text string) error {
	n, ip := nodes[name], net.ParseIP(text).To4()
	if n == nil || ip == nil {
		return fmt.Errorf("also %s %s: a node and an IPv4 address are wanted", name, text)
	}
	lock.Lock()
	defer lock.Unlock()
	n.also = append(n.also, [4]byte(ip))
	for _, other := range nodes {
		if way := other.to[n.address]; way != nil {
			other.to[[4]byte(ip)] = way
		}
	}
	return nil
}

func dropAddress(name, text string) error {
	n, ip := nodes[name], net.ParseIP(text).To4()
	if n == nil || ip == nil {
		return fmt.Errorf("gone %s %s: a node and an IPv4 address are wanted", name, text)
	}
	lock.Lock()
	defer lock.Unlock()
	n.also = slices.DeleteFunc(n.also, func(one [4]byte) bool { return one == [4]byte(ip) })
	for _, other := range nodes {
		delete(other.to, [4]byte(ip))
	}
	return nil
}

func setDelay(from, to, text string) error {
	a, b := nodes[from], nodes[to]
	micros, err := strconv.ParseInt(text, 10, 64)
	if a == nil || b == nil || err != nil {
		return fmt.Errorf("delay %s %s %s: two nodes and microseconds are wanted", from, to, text)
	}
	lock.Lock()
	way := a.to[b.address]
	if way == nil {
		way = &direction{packets: make(chan held, queue)}
		a.to[b.address] = way
		for _, other := range b.also {
			a.to[other] = way
		}
		go way.give(b.tun)
	}
	lock.Unlock()
	way.micros.Store(micros)
	return nil
}

func report() {
	for _, a := range nodes {
		for _, b := range nodes {
			way := a.to[b.address]
			if way == nil {
				continue
			}
			way.lock.Lock()
			seen := way.seen
			way.seen = nil
			way.lock.Unlock()
			if len(seen) == 0 {
				continue
			}
			sort.Slice(seen, func(i, j int) bool { return seen[i] < seen[j] })
			fmt.Printf("held %s %s %d %d\n", a.name, b.name, len(seen), seen[len(seen)/2].Microseconds())
		}
	}
	fmt.Println("done")
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		var err error
		switch {
		case len(words) == 4 && words[0] == "node":
			err = addNode(words[1], words[2], words[3])
		case len(words) == 3 && words[0] == "also":
			err = addAddress(words[1], words[2])
		case len(words) == 3 && words[0] == "gone":
			err = dropAddress(words[1], words[2])
		case len(words) == 4 && words[0] == "delay":
			err = setDelay(words[1], words[2], words[3])
		case len(words) == 1 && words[0] == "report":
			report()
			continue
		default:
			err = fmt.Errorf("%q is no line of mine", lines.Text())
		}
		if err != nil {
			fmt.Println("error", err)
		} else {
			fmt.Println("ok")
		}
	}
}
