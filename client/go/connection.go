package sidetok

import (
	"bufio"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

const (
	retryFirst = 20 * time.Millisecond
	retryLast  = 500 * time.Millisecond

	// Cancels under way on one connection: with the requests they stay within the 64 replies that the sidecar keeps.
	maxCancels = 8
)

// connection is one sidecar: connected or trying to be. Its fields are guarded by the client's lock.
type connection struct {
	client *Client
	where  address
	woken  chan struct{} // holds one: there may be something to write

	up        bool
	isWriting bool             // a frame is on its way; what waits need not wait for this connection
	lastID    uint32           // of the newest request
	sent      map[uint32]*call // unanswered; nil values are calls that nobody waits for any more
	dropped   []uint32         // sent, nobody waits for them, and the sidecar is still to be told
	cancels   map[uint32]uint32
}

func newConnection(client *Client, where address) *connection {
	return &connection{client: client, where: where, woken: make(chan struct{}, 1), lastID: rand.Uint32()}
}

// run connects, again and again, until the client is closed.
func (c *connection) run(ctx context.Context) {
	wait := retryFirst
	for ctx.Err() == nil {
		conn, err := c.where.dial(ctx)
		if err == nil {
			c.serve(ctx, conn)
			wait = retryFirst
		} else {
			c.client.mu.Lock()
			c.client.stateChanged()
			c.client.mu.Unlock()
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, retryLast)
	}
}

// serve uses a connection until it breaks or the client is closed.
func (c *connection) serve(ctx context.Context, conn net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	closing := context.AfterFunc(ctx, func() { conn.Close() })
	c.change(true)
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		defer cancel()
		c.read(conn)
	}()
	c.write(ctx, conn)
	cancel()
	<-reading
	closing()
	conn.Close()
	c.change(false)
}

// change notes that the connection stands or is gone. What was sent and not answered is lost: it may have been run.
func (c *connection) change(up bool) {
	c.client.mu.Lock()
	defer c.client.mu.Unlock()
	err := ErrPeerLost
	if c.client.closed {
		err = ErrShuttingDown
	}
	for _, one := range c.sent {
		if one != nil {
			c.client.end(one, nil, err)
		}
	}
	c.up, c.isWriting = up, false
	c.sent, c.cancels, c.dropped = map[uint32]*call{}, map[uint32]uint32{}, nil
	c.client.stateChanged()
}

func (c *connection) hasRoom() bool { return c.up && len(c.sent) < c.client.options.MaxSent }

func (c *connection) write(ctx context.Context, conn net.Conn) {
	for {
		frame, one := c.next()
		if frame == nil {
			select {
			case <-ctx.Done():
				return
			case <-c.woken:
				continue
			}
		}
		size := 0
		for _, part := range frame {
			size += len(part)
		}
		n, err := frame.WriteTo(conn)
		if err != nil {
			c.notWritten(one, n < int64(size))
			return
		}
	}
}

// next is the frame to write now, if there is one: a cancel, or a request.
func (c *connection) next() (net.Buffers, *call) {
	c.client.mu.Lock()
	defer c.client.mu.Unlock()
	c.isWriting = false
	if len(c.dropped) > 0 && len(c.cancels) < maxCancels {
		victim := c.dropped[0]
		c.dropped = c.dropped[1:]
		message := packCancel(victim)
		id := c.newID()
		c.cancels[id] = victim
		return net.Buffers{append(c.where.appendFrame(nil, id, len(message)), message...)}, nil
	}
	one := c.client.take(c)
	if one == nil {
		return nil, nil
	}
	left := time.Duration(0)
	if !one.deadline.IsZero() {
		left = max(time.Until(one.deadline), 1)
	}
	envelope, body := one.request.pack(left)
	one.sentTo, one.id = c, c.newID()
	c.sent[one.id] = one
	c.isWriting = true
	start := c.where.appendFrame(make([]byte, 0, 16+len(envelope)), one.id, len(envelope)+len(body))
	return net.Buffers{append(start, envelope...), body}, one
}

// notWritten puts a request back that did not leave whole: the sidecar takes none but whole ones.
func (c *connection) notWritten(one *call, isPartial bool) {
	c.client.mu.Lock()
	defer c.client.mu.Unlock()
	if one != nil && isPartial && c.sent[one.id] == one {
		delete(c.sent, one.id)
		c.client.putBack(one)
	}
}

func (c *connection) newID() uint32 {
	for {
		c.lastID++
		id := c.lastID | idTopBit
		_, isSent := c.sent[id]
		_, isCancel := c.cancels[id]
		if !isSent && !isCancel {
			return id
		}
	}
}

// forget lets go of a sent request. Its id stays taken until the sidecar has answered it or dropped it.
func (c *connection) forget(one *call) {
	if c.sent[one.id] == one {
		c.sent[one.id] = nil
		c.dropped = append(c.dropped, one.id)
		c.client.wake()
	}
}

func (c *connection) read(from io.Reader) {
	buffered := bufio.NewReader(from)
	for {
		id, message, err := c.where.readFrame(buffered)
		if err != nil {
			return
		}
		c.received(id, message)
	}
}

// received ends the request with this id. A reply to none that is known is let go: a late one, or a stranger's.
func (c *connection) received(id uint32, message []byte) {
	reply, err := unpack(message) // outside the lock: it may be long
	c.client.mu.Lock()
	defer c.client.mu.Unlock()
	if victim, isCancel := c.cancels[id]; isCancel {
		delete(c.cancels, id)
		if err == nil && reply.Count == 1 && c.sent[victim] == nil {
			delete(c.sent, victim)
		}
	} else if one, isSent := c.sent[id]; isSent {
		delete(c.sent, id)
		if one != nil {
			c.client.end(one, reply, err)
		}
	}
	c.client.wake()
}
