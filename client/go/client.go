// Package sidetok asks a sidetok sidecar for token ids: Mistral tokenization out of process, from Go.
//
// A [Client] keeps one connection to each sidecar it was given, and any number of goroutines may share it. Requests are
// answered in the order in which they were made; each ends with a reply, with an [*Error], or when its context ends.
//
// The protocol is proto/PROTOCOL.md. The rules are those of the C client: a request is sent once and never again by
// itself, an unsent one goes to another sidecar when its own disappears.
package sidetok

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"
)

// Options changes what a client goes by. Zero fields mean the default.
type Options struct {
	MaxPending     int           // requests that have not ended; beyond it Do fails with ErrBusy. Default 65,535.
	MaxSent        int           // requests sent to one sidecar and not answered, 1 to 56, the default
	ConnectTimeout time.Duration // without any sidecar for so long, unsent requests fail. Default 5 s; negative: never.
}

const (
	defaultMaxPending     = 65535
	defaultMaxSent        = 56 // the sidecar's nng keeps 64 replies for a connection and drops those beyond
	defaultConnectTimeout = 5 * time.Second
)

// Client asks one or several sidecars. All methods may be called from any goroutine.
type Client struct {
	options Options
	stop    context.CancelFunc
	running sync.WaitGroup

	mu          sync.Mutex
	closed      bool
	pending     int
	waiting     *list.List // of *call: not sent, first come first
	connections []*connection
	aloneSince  time.Time // since when no sidecar is connected; zero while one is
}

// call is a request under way.
type call struct {
	request  *Request
	deadline time.Time
	place    *list.Element // in waiting; nil once a connection has taken it
	sentTo   *connection
	id       uint32
	done     chan outcome // holds one: whoever ends the call never waits
}

type outcome struct {
	reply *Reply
	err   error
}

// Open begins to connect, without waiting: the sidecars need not be there yet, and may come and go. URLs are
// ipc:///path, abstract://name or tcp://host:port. Requests go, in order, to the connected sidecar with the fewest
// unanswered. For a Kubernetes headless service name each pod, or give each address. Close ends the client.
func Open(urls []string, options Options) (*Client, error) {
	if options.MaxPending == 0 {
		options.MaxPending = defaultMaxPending
	}
	if options.MaxSent == 0 {
		options.MaxSent = defaultMaxSent
	}
	if options.ConnectTimeout == 0 {
		options.ConnectTimeout = defaultConnectTimeout
	}
	if len(urls) == 0 || options.MaxPending < 1 || options.MaxSent < 1 || options.MaxSent > defaultMaxSent {
		return nil, fmt.Errorf("%w: one URL or more, MaxPending from 1, MaxSent from 1 to 56", ErrInvalidArgument)
	}
	ctx, stop := context.WithCancel(context.Background())
	client := &Client{options: options, stop: stop, waiting: list.New()}
	for _, url := range urls {
		where, err := parseURL(url)
		if err != nil {
			stop()
			return nil, err
		}
		client.connections = append(client.connections, newConnection(client, where))
	}
	client.beAlone()
	for _, connection := range client.connections {
		client.running.Add(1)
		go func() {
			defer client.running.Done()
			connection.run(ctx)
		}()
	}
	return client, nil
}

// Close ends the client. Requests under way fail with ErrShuttingDown. It returns when the connections are closed.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.stop()
	c.running.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failWaiting(ErrShuttingDown)
	return nil
}

// Connected is how many of the sidecars are connected right now.
func (c *Client) Connected() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, connection := range c.connections {
		if connection.up {
			n++
		}
	}
	return n
}

// Do asks and waits for the answer. The context's deadline travels with the request; when the context ends first, Do
// returns at once an error that wraps the context's, and the sidecar is told to drop the request.
//
// Other errors are *Error: the reference's exception, the sidecar's refusal, or one of this client's (ErrBusy,
// ErrNotConnected, ErrPeerLost, ErrBadReply, ErrShuttingDown, ErrInvalidArgument).
func (c *Client) Do(ctx context.Context, request *Request) (*Reply, error) {
	if err := request.check(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("sidetok: before the request was made: %w", context.Cause(ctx))
	}
	one := &call{request: request, done: make(chan outcome, 1)}
	one.deadline, _ = ctx.Deadline()
	if err := c.submit(one); err != nil {
		return nil, err
	}
	select {
	case end := <-one.done:
		return end.reply, end.err
	case <-ctx.Done():
		return c.abandon(ctx, one)
	}
}

func (c *Client) submit(one *call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return ErrShuttingDown
	case c.pending >= c.options.MaxPending:
		return ErrBusy
	case c.aloneForTooLong():
		return ErrNotConnected
	}
	c.pending++
	one.place = c.waiting.PushBack(one)
	c.wake()
	return nil
}

// abandon ends a call whose context has ended. An answer that came at the same moment counts.
func (c *Client) abandon(ctx context.Context, one *call) (*Reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case end := <-one.done:
		return end.reply, end.err
	default:
	}
	where := "while it waited to be sent"
	if one.place != nil {
		c.waiting.Remove(one.place)
		one.place = nil
	} else {
		where = "while it was with the sidecar"
		one.sentTo.forget(one)
	}
	c.pending--
	return nil, fmt.Errorf("sidetok: %s: %w", where, context.Cause(ctx))
}

// The rest is called with the lock held.

func (c *Client) end(one *call, reply *Reply, err error) {
	c.pending--
	one.done <- outcome{reply, err}
}

func (c *Client) failWaiting(err error) {
	for place := c.waiting.Front(); place != nil; place = c.waiting.Front() {
		one := c.waiting.Remove(place).(*call)
		one.place = nil
		c.end(one, nil, err)
	}
}

func (c *Client) aloneForTooLong() bool {
	limit := c.options.ConnectTimeout
	return limit > 0 && !c.aloneSince.IsZero() && time.Since(c.aloneSince) >= limit
}

// beAlone notes that no sidecar is connected. What waits is told in time, however long a connection takes to be made.
func (c *Client) beAlone() {
	c.aloneSince = time.Now()
	if c.options.ConnectTimeout > 0 {
		time.AfterFunc(c.options.ConnectTimeout, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.aloneForTooLong() {
				c.failWaiting(ErrNotConnected)
			}
		})
	}
}

// stateChanged is called when a connection came, went, or could not be made.
func (c *Client) stateChanged() {
	alone := true
	for _, connection := range c.connections {
		alone = alone && !connection.up
	}
	if !alone {
		c.aloneSince = time.Time{}
	} else if c.aloneSince.IsZero() {
		c.beAlone()
	}
	if c.aloneForTooLong() {
		c.failWaiting(ErrNotConnected)
	}
	c.wake()
}

// wake has every connection look at what waits.
func (c *Client) wake() {
	for _, connection := range c.connections {
		select {
		case connection.woken <- struct{}{}:
		default:
		}
	}
}

// take hands a connection the first request, when it is this one's turn: no idle one has fewer unanswered.
func (c *Client) take(to *connection) *call {
	first := c.waiting.Front()
	if first == nil || !to.hasRoom() {
		return nil
	}
	for _, other := range c.connections {
		if other != to && other.hasRoom() && !other.isWriting && len(other.sent) < len(to.sent) {
			return nil
		}
	}
	one := c.waiting.Remove(first).(*call)
	one.place = nil
	if c.waiting.Len() > 0 {
		c.wake()
	}
	return one
}

// putBack returns an unsent request to its place at the head.
func (c *Client) putBack(one *call) {
	one.sentTo = nil
	one.place = c.waiting.PushFront(one)
}
