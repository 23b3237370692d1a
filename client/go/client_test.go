package sidetok

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen: far more than it takes, and no test that passes waits it out.
const patience = 2 * time.Minute

// fakeSidecar speaks SP as a REP socket does, and answers as its test says.
type fakeSidecar struct {
	t        *testing.T
	url      string
	listener net.Listener
	requests chan fakeRequest
	mu       sync.Mutex
	conns    []net.Conn
}

type fakeRequest struct {
	id   uint32
	body []byte
	conn net.Conn
}

func newFakeSidecar(t *testing.T) *fakeSidecar {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	fake := &fakeSidecar{t: t, url: "ipc://" + path, listener: listener, requests: make(chan fakeRequest, 1000)}
	go fake.accept()
	t.Cleanup(fake.close)
	return fake
}

func (f *fakeSidecar) accept() {
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.conns = append(f.conns, conn)
		f.mu.Unlock()
		go f.serve(conn)
	}
}

func (f *fakeSidecar) serve(conn net.Conn) {
	conn.Write([]byte{0, 'S', 'P', 0, 0, spReply, 0, 0})
	from := bufio.NewReader(conn)
	if _, err := io.CopyN(io.Discard, from, 8); err != nil {
		return
	}
	for {
		id, body, err := address{isIPC: true}.readFrame(from)
		if err != nil {
			return
		}
		f.requests <- fakeRequest{id, body, conn}
	}
}

// cut breaks every connection.
func (f *fakeSidecar) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, conn := range f.conns {
		conn.Close()
	}
	f.conns = nil
}

func (f *fakeSidecar) close() {
	f.listener.Close()
	f.cut()
}

func (f *fakeSidecar) next() fakeRequest {
	f.t.Helper()
	select {
	case request := <-f.requests:
		return request
	case <-time.After(patience):
		f.t.Fatal("no request came")
		panic("not reached")
	}
}

// reply answers with a count, so that a test can tell one answer from another.
func (r fakeRequest) reply(count byte) {
	message := []byte{0x83, 0, 1, 1, 0, 4, count}
	r.conn.Write(append(address{isIPC: true}.appendFrame(nil, r.id, len(message)), message...))
}

// open makes a client that is patient with its sidecars unless the test says otherwise: a daemon on a busy machine takes
// its time to load.
func open(t *testing.T, options Options, urls ...string) *Client {
	t.Helper()
	if options.ConnectTimeout == 0 {
		options.ConnectTimeout = patience
	}
	client, err := Open(urls, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

type result struct {
	reply *Reply
	err   error
}

func start(ctx context.Context, client *Client) <-chan result {
	results := make(chan result, 1)
	go func() {
		reply, err := client.Do(ctx, &Request{Op: Ping})
		results <- result{reply, err}
	}()
	return results
}

func wait(t *testing.T, results <-chan result) result {
	t.Helper()
	select {
	case end := <-results:
		return end
	case <-time.After(patience):
		t.Fatal("the request did not end")
		panic("not reached")
	}
}

func TestRepliesFindTheirRequestsInAnyOrder(t *testing.T) {
	fake := newFakeSidecar(t)
	client := open(t, Options{}, fake.url)
	var results []<-chan result
	var requests []fakeRequest
	for range 3 {
		results = append(results, start(context.Background(), client))
		requests = append(requests, fake.next())
	}
	for _, i := range []int{2, 0, 1} {
		requests[i].reply(byte(10 + i))
		if end := wait(t, results[i]); end.err != nil || end.reply.Count != int64(10+i) {
			t.Errorf("request %d: %+v, %v", i, end.reply, end.err)
		}
	}
}

func TestAReplyToAnUnknownIDIsLetGo(t *testing.T) {
	fake := newFakeSidecar(t)
	client := open(t, Options{}, fake.url)
	results := start(context.Background(), client)
	request := fake.next()
	stranger := request
	stranger.id ^= 1
	stranger.reply(1)
	request.reply(2)
	if end := wait(t, results); end.err != nil || end.reply.Count != 2 {
		t.Errorf("%+v, %v", end.reply, end.err)
	}
}

func TestALostConnectionEndsWhatWasSent(t *testing.T) {
	fake := newFakeSidecar(t)
	client := open(t, Options{}, fake.url)
	results := start(context.Background(), client)
	fake.next()
	fake.cut()
	if end := wait(t, results); !errors.Is(end.err, ErrPeerLost) {
		t.Errorf("%v", end.err)
	}
	again := start(context.Background(), client) // and the client connects again by itself
	fake.next().reply(3)
	if end := wait(t, again); end.err != nil {
		t.Errorf("%v", end.err)
	}
}

func TestAnEndedContextEndsTheRequestAndTellsTheSidecar(t *testing.T) {
	fake := newFakeSidecar(t)
	client := open(t, Options{}, fake.url)
	ctx, cancel := context.WithCancel(context.Background())
	results := start(ctx, client)
	victim := fake.next()
	cancel()
	if end := wait(t, results); !errors.Is(end.err, context.Canceled) {
		t.Errorf("%v", end.err)
	}
	message := fake.next()
	if want := packCancel(victim.id); string(message.body) != string(want) {
		t.Errorf("% x, not % x", message.body, want)
	}
	message.reply(1)
	next := start(context.Background(), client)
	fake.next().reply(9)
	if end := wait(t, next); end.err != nil || end.reply.Count != 9 {
		t.Errorf("%+v, %v", end.reply, end.err)
	}
}

func TestTheDeadlineTravelsWithTheRequest(t *testing.T) {
	fake := newFakeSidecar(t)
	client := open(t, Options{}, fake.url)
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	start(ctx, client)
	body := fake.next().body
	if ms := binary.BigEndian.Uint32(body[7:]); body[5] != keyTimeoutMS || ms > 3600000 || ms < 3500000 {
		t.Errorf("% x", body)
	}
}

func TestNoMoreThanMaxSentAreUnanswered(t *testing.T) {
	fake := newFakeSidecar(t)
	client := open(t, Options{MaxSent: 2}, fake.url)
	var results []<-chan result
	for range 6 {
		results = append(results, start(context.Background(), client))
	}
	for range 3 {
		one, other := fake.next(), fake.next()
		client.mu.Lock()
		if n := len(client.connections[0].sent); n != 2 {
			t.Errorf("%d are with the sidecar", n)
		}
		client.mu.Unlock()
		one.reply(1)
		other.reply(1)
	}
	for _, one := range results {
		if end := wait(t, one); end.err != nil {
			t.Errorf("%v", end.err)
		}
	}
}

func TestWithoutASidecarRequestsFailInTime(t *testing.T) {
	url := "ipc://" + filepath.Join(t.TempDir(), "none")
	client := open(t, Options{ConnectTimeout: 50 * time.Millisecond}, url)
	if end := wait(t, start(context.Background(), client)); !errors.Is(end.err, ErrNotConnected) {
		t.Errorf("%v", end.err)
	}
	patient := open(t, Options{ConnectTimeout: -1}, url)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if end := wait(t, start(ctx, patient)); !errors.Is(end.err, context.DeadlineExceeded) {
		t.Errorf("%v", end.err)
	}
}

func TestWithoutAGreetingRequestsFailInTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path) // takes connections, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client := open(t, Options{ConnectTimeout: 20 * time.Millisecond}, "ipc://"+path)
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout/2)
	defer cancel()
	if end := wait(t, start(ctx, client)); !errors.Is(end.err, ErrNotConnected) {
		t.Errorf("%v", end.err)
	}
}

func TestTooManyPendingAreBusy(t *testing.T) {
	client := open(t, Options{MaxPending: 1}, "ipc://"+filepath.Join(t.TempDir(), "none"))
	ctx, cancel := context.WithCancel(context.Background())
	first := start(ctx, client)
	for pending := 0; pending == 0; {
		client.mu.Lock()
		pending = client.pending
		client.mu.Unlock()
	}
	if _, err := client.Do(context.Background(), &Request{Op: Ping}); !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
	cancel()
	wait(t, first)
}

func TestCloseEndsEveryRequest(t *testing.T) {
	fake := newFakeSidecar(t)
	client := open(t, Options{MaxSent: 1}, fake.url)
	sent := start(context.Background(), client)
	fake.next()
	waiting := start(context.Background(), client)
	for n := 0; n == 0; {
		client.mu.Lock()
		n = client.waiting.Len()
		client.mu.Unlock()
	}
	client.Close()
	for _, one := range []<-chan result{sent, waiting, start(context.Background(), client)} {
		if end := wait(t, one); !errors.Is(end.err, ErrShuttingDown) {
			t.Errorf("%v", end.err)
		}
	}
}

func TestAnotherSidecarTakesOverWhatWasNotSent(t *testing.T) {
	first, second := newFakeSidecar(t), newFakeSidecar(t)
	first.listener.Close() // never there
	client := open(t, Options{}, first.url, second.url)
	results := start(context.Background(), client)
	second.next().reply(1)
	if end := wait(t, results); end.err != nil {
		t.Errorf("%v", end.err)
	}
}

func TestTheLeastLoadedSidecarGetsTheNext(t *testing.T) {
	first, second := newFakeSidecar(t), newFakeSidecar(t)
	client := open(t, Options{}, first.url, second.url)
	for client.Connected() < 2 {
		time.Sleep(time.Millisecond)
	}
	var got [2]int
	for range 4 {
		start(context.Background(), client)
		select {
		case <-first.requests:
			got[0]++
		case <-second.requests:
			got[1]++
		case <-time.After(patience):
			t.Fatal("no request came")
		}
		waitUntilWritten(client)
	}
	if got != [2]int{2, 2} {
		t.Errorf("the sidecars got %v of 4 requests", got)
	}
}

// waitUntilWritten returns when no connection has a frame on its way: while one has, it counts as busy, and another may
// take what is its turn.
func waitUntilWritten(client *Client) {
	for isWriting := true; isWriting; {
		client.mu.Lock()
		isWriting = false
		for _, connection := range client.connections {
			isWriting = isWriting || connection.isWriting
		}
		client.mu.Unlock()
	}
}

func TestABadReplyEndsItsRequestOnly(t *testing.T) {
	fake := newFakeSidecar(t)
	client := open(t, Options{}, fake.url)
	results := start(context.Background(), client)
	request := fake.next()
	request.conn.Write(append(address{isIPC: true}.appendFrame(nil, request.id, 3), 0xc1, 0xc1, 0xc1))
	if end := wait(t, results); !errors.Is(end.err, ErrBadReply) {
		t.Errorf("%v", end.err)
	}
	again := start(context.Background(), client)
	fake.next().reply(1)
	if end := wait(t, again); end.err != nil {
		t.Errorf("%v", end.err)
	}
}

func TestWhatIsNoSPReplyBreaksTheConnection(t *testing.T) {
	for _, garbage := range [][]byte{
		{2, 0, 0, 0, 0, 0, 0, 0, 4, 0x80, 0, 0, 0},                      // another kind of frame
		{1, 0, 0, 0, 0, 0, 0, 0, 3, 0x80, 0, 0, 0},                      // shorter than an id
		{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 4, 0x80, 0, 0, 0}, // a length beyond reason
		{1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1},                         // an id without its top bit
	} {
		fake := newFakeSidecar(t)
		client := open(t, Options{}, fake.url)
		results := start(context.Background(), client)
		fake.next().conn.Write(garbage)
		if end := wait(t, results); !errors.Is(end.err, ErrPeerLost) {
			t.Errorf("% x: %v", garbage, end.err)
		}
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for _, urls := range [][]string{nil, {""}, {"ipc://"}, {"http://x"}, {"tcp://nohost"}, {"/run/s"}} {
		if _, err := Open(urls, Options{}); !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%q: %v", urls, err)
		}
	}
	if _, err := Open([]string{"ipc:///s"}, Options{MaxSent: 65}); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("MaxSent 65: %v", err)
	}
	client := open(t, Options{}, "ipc:///nowhere")
	for _, request := range []*Request{nil, {}, {Op: cancelOp}, {Op: Chat, JSON: []byte{}, Msgpack: []byte{}}} {
		if _, err := client.Do(context.Background(), request); !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%+v: %v", request, err)
		}
	}
}

func ExampleClient_Do() {
	client, err := Open([]string{"ipc:///run/sidetok/sidetokd.sock"}, Options{ConnectTimeout: time.Millisecond})
	if err != nil {
		panic(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	body := []byte(`{"messages": [{"role": "user", "content": "Hello"}]}`)
	reply, err := client.Do(ctx, &Request{Op: Chat, JSON: body})
	switch failure := (*Error)(nil); {
	case errors.As(err, &failure) && failure.Family == "service":
		fmt.Println("not answered: try again, or another sidecar")
	case err != nil:
		fmt.Println("refused:", err)
	default:
		fmt.Println(reply.IDs)
	}
	// Output: not answered: try again, or another sidecar
}
