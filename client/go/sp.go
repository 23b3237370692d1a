package sidetok

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// The SP wire format, as nng and nanomsg speak it: a greeting of 8 bytes each way, then frames of a length and a
// message. A request or reply begins with 4 bytes of id, big-endian, the top bit set.
// Rule: SP over TCP and SP over IPC, the mapping documents of nanomsg's rfc folder.

const (
	spRequest = 0x30 // the protocol number of REQ
	spReply   = 0x31 // of REP

	idSize     = 4
	idTopBit   = 1 << 31
	ipcMessage = 1 // the one kind of ipc frame that carries a message

	dialTimeout = 5 * time.Second
)

// address is where a sidecar listens, and how its frames look.
type address struct {
	network string // "unix" or "tcp"
	name    string
	isIPC   bool // frames begin with one more byte
}

func parseURL(url string) (address, error) {
	scheme, rest, found := strings.Cut(url, "://")
	switch {
	case !found || rest == "":
	case scheme == "ipc" || scheme == "unix":
		return address{"unix", rest, true}, nil
	case scheme == "abstract":
		return address{"unix", "@" + rest, true}, nil
	case scheme == "tcp" || scheme == "tcp4" || scheme == "tcp6":
		if _, _, err := net.SplitHostPort(rest); err == nil {
			return address{scheme, rest, false}, nil
		}
	}
	return address{}, fmt.Errorf("%w: URL %q: want ipc:///path, abstract://name or tcp://host:port", ErrInvalidArgument, url)
}

// dial connects and exchanges greetings. The listener must say that it is a REP socket.
func (a address) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, a.network, a.name)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := greet(conn); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func greet(conn net.Conn) error {
	if _, err := conn.Write([]byte{0, 'S', 'P', 0, 0, spRequest, 0, 0}); err != nil {
		return err
	}
	var greeting [8]byte
	if _, err := io.ReadFull(conn, greeting[:]); err != nil {
		return err
	}
	if greeting != [8]byte{0, 'S', 'P', 0, 0, spReply, 0, 0} {
		return fmt.Errorf("sidetok: % x is no greeting of an SP reply socket", greeting)
	}
	return nil
}

// appendFrame appends the bytes in front of a message of size bytes (its id not counted), then the id.
func (a address) appendFrame(to []byte, id uint32, size int) []byte {
	if a.isIPC {
		to = append(to, ipcMessage)
	}
	to = binary.BigEndian.AppendUint64(to, uint64(size)+idSize)
	return binary.BigEndian.AppendUint32(to, id)
}

// readFrame reads one message. Memory grows with the bytes that arrive, never with the length that a peer claims.
func (a address) readFrame(from io.Reader) (id uint32, message []byte, err error) {
	var header [1 + 8 + idSize]byte
	used := header[:]
	if !a.isIPC {
		used = header[1:]
	}
	if _, err := io.ReadFull(from, used); err != nil {
		return 0, nil, err
	}
	size := binary.BigEndian.Uint64(header[1:])
	id = binary.BigEndian.Uint32(header[9:])
	if (a.isIPC && header[0] != ipcMessage) || size < idSize || size-idSize > 1<<62 || id&idTopBit == 0 {
		return 0, nil, fmt.Errorf("sidetok: % x begins no SP reply", used)
	}
	var body bytes.Buffer
	if _, err := io.CopyN(&body, from, int64(size-idSize)); err != nil {
		return 0, nil, err
	}
	return id, body.Bytes(), nil
}
