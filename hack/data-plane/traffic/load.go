package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// What a number of calls came to.
type outcome struct {
	ByName  map[string]int `json:"byName"`
	Errors  int            `json:"errors"`
	ByError map[string]int `json:"byError"`
	// Unix milliseconds of the last error; 0 without any.
	LastErrorMs float64 `json:"lastErrorMs"`
	P50Ms       float64 `json:"p50Ms"`
	P95Ms       float64 `json:"p95Ms"`
	P99Ms       float64 `json:"p99Ms"`
	Seconds     float64 `json:"seconds"`
}

func load(args []string) error {
	o := orderFrom("load", args)
	do, err := o.caller()
	if err != nil {
		return err
	}
	var (
		next  atomic.Int64
		mu    sync.Mutex
		group sync.WaitGroup
		times []float64
		out   = outcome{ByName: map[string]int{}, ByError: map[string]int{}}
		start = time.Now()
	)
	work := func() {
		defer group.Done()
		var own []float64
		names, failures := map[string]int{}, map[string]int{}
		last := 0.0
		for {
			i := next.Add(1) - 1
			if i >= int64(o.calls) || (o.forTime > 0 && time.Since(start) > o.forTime) {
				break
			}
			if o.rate > 0 {
				time.Sleep(time.Until(start.Add(time.Duration(float64(i) / o.rate * float64(time.Second)))))
			}
			since := time.Now()
			name, err := do()
			own = append(own, float64(time.Since(since))/float64(time.Millisecond))
			if err != nil {
				failures[err.Error()]++
				last = float64(time.Now().UnixMicro()) / 1000
			} else {
				names[name]++
			}
		}
		mu.Lock()
		defer mu.Unlock()
		times = append(times, own...)
		for name, count := range names {
			out.ByName[name] += count
		}
		for text, count := range failures {
			out.Errors += count
			out.ByError[text] += count
		}
		out.LastErrorMs = max(out.LastErrorMs, last)
	}
	for range o.workers {
		group.Add(1)
		go work()
	}
	group.Wait()
	out.Seconds = time.Since(start).Seconds()
	sort.Float64s(times)
	at := func(q float64) float64 {
		if len(times) == 0 {
			return 0
		}
		return times[min(len(times)-1, int(q*float64(len(times))))]
	}
	out.P50Ms, out.P95Ms, out.P99Ms = at(0.5), at(0.95), at(0.99)
	return json.NewEncoder(os.Stdout).Encode(out)
}

// watch calls until it is killed, or its standard input ends.
func watch(args []string) error {
	do, err := orderFrom("watch", args).caller()
	if err != nil {
		return err
	}
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}()
	before := ""
	for {
		name, err := do()
		if err != nil {
			name = "error"
		}
		if name != before {
			fmt.Println(name, time.Now().UnixMicro())
			before = name
		}
	}
}
