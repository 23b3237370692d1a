// Command soak is a client of the soak in Go: soak URL CASES. What it is told and what it tells: tests/service/soak.py.
//
// It reads "ask NUMBER CASE TIMEOUT_MS" and "cancel NUMBER", and writes "end NUMBER MS OUTCOME" when a request has ended.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"sidetok"
)

// one is a request and its answer: an error's text, "TYPE: MESSAGE", or ids.
type one struct {
	op               sidetok.Op
	tokenizer        string
	body, error, ids []byte
}

var ops = map[string]sidetok.Op{"chat": sidetok.Chat, "apply": sidetok.Apply, "fim": sidetok.FIM, "encode": sidetok.Encode}

// readCases maps the file: each case is a line "OP TOKENIZER SIZE SIZE SIZE" and then body, error and ids.
func readCases(path string) (cases []one, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	status, err := file.Stat()
	if err != nil {
		return nil, err
	}
	rest, err := syscall.Mmap(int(file.Fd()), 0, int(status.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
	for err == nil && len(rest) > 0 {
		var op string
		var next one
		var sizes [3]int
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		if _, err = fmt.Sscan(string(line), &op, &next.tokenizer, &sizes[0], &sizes[1], &sizes[2]); err != nil {
			break
		}
		for i, part := range []*[]byte{&next.body, &next.error, &next.ids} {
			*part, after = after[:sizes[i]], after[sizes[i]:]
		}
		next.op, rest = ops[op], after
		cases = append(cases, next)
	}
	return cases, err
}

func (c *one) outcome(reply *sidetok.Reply, err error) string {
	var failure *sidetok.Error
	switch {
	case err == nil && len(c.error) == 0 && c.hasIDs(reply.IDs):
		return "right"
	case err == nil:
		return fmt.Sprintf("wrong %d ids", len(reply.IDs))
	case errors.As(err, &failure) && failure.Family != "service":
		if text := failure.Type + ": " + failure.Message; text != string(c.error) {
			return "wrong " + failure.Type
		}
		return "right"
	case errors.As(err, &failure):
		return failure.Type
	case errors.Is(err, context.DeadlineExceeded):
		return "expired"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	}
	return "wrong " + err.Error()
}

func (c *one) hasIDs(ids []uint32) bool {
	if len(c.ids) != 4*len(ids) {
		return false
	}
	for i, id := range ids {
		if binary.LittleEndian.Uint32(c.ids[4*i:]) != id {
			return false
		}
	}
	return true
}

// asker has the requests under way.
type asker struct {
	client  *sidetok.Client
	cases   []one
	running sync.WaitGroup

	mu      sync.Mutex
	cancels map[uint64]context.CancelFunc
}

func (a *asker) ask(number uint64, index int, timeoutMS int) {
	ctx, cancel := context.WithCancel(context.Background())
	a.mu.Lock()
	a.cancels[number] = cancel
	a.mu.Unlock()
	a.running.Add(1)
	go func() {
		defer a.running.Done()
		defer cancel()
		if timeoutMS > 0 {
			var stop context.CancelFunc
			ctx, stop = context.WithTimeout(ctx, time.Duration(timeoutMS)*time.Millisecond)
			defer stop()
		}
		c, begin := &a.cases[index], time.Now()
		outcome := c.outcome(a.client.Do(ctx, &sidetok.Request{Op: c.op, Tokenizer: c.tokenizer, JSON: c.body}))
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.cancels, number)
		fmt.Printf("end %d %.2f %s\n", number, float64(time.Since(begin).Microseconds())/1e3, outcome)
	}()
}

func (a *asker) cancel(number uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if cancel := a.cancels[number]; cancel != nil {
		cancel()
	}
}

// giveBack returns memory to the system while nothing is under way, so that what stays is what is held.
func (a *asker) giveBack() {
	for range time.Tick(5 * time.Second) {
		a.mu.Lock()
		isIdle := len(a.cancels) == 0
		a.mu.Unlock()
		if isIdle {
			debug.FreeOSMemory()
		}
	}
}

func run(url, path string) error {
	cases, err := readCases(path)
	if err != nil {
		return err
	}
	client, err := sidetok.Open([]string{url}, sidetok.Options{})
	if err != nil {
		return err
	}
	asker := &asker{client: client, cases: cases, cancels: map[uint64]context.CancelFunc{}}
	go asker.giveBack()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var number uint64
		var index, timeoutMS int
		if n, _ := fmt.Sscanf(lines.Text(), "ask %d %d %d", &number, &index, &timeoutMS); n == 3 {
			asker.ask(number, index, timeoutMS)
		} else if n, _ := fmt.Sscanf(lines.Text(), "cancel %d", &number); n == 1 {
			asker.cancel(number)
		} else {
			return fmt.Errorf("not a line that is understood: %q", lines.Text())
		}
	}
	asker.running.Wait()
	return client.Close()
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: soak URL CASES")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}
