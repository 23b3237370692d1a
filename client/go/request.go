package sidetok

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"
)

// Op is what to do. proto/PROTOCOL.md says what each expects in its body.
type Op uint8

// The operations of protocol 1.
const (
	Chat          Op = 1
	Apply         Op = 2
	FIM           Op = 3
	Encode        Op = 4
	Decode        Op = 5
	Piece         Op = 6
	BytePiece     Op = 7
	IsSpecial     Op = 8
	SpecialID     Op = 9
	Info          Op = 10
	Load          Op = 11
	Transcription Op = 12
	Speech        Op = 13
	Ping          Op = 14
	cancelOp      Op = 15
)

// Mode is the reference's validation mode.
type Mode uint8

// The validation modes.
const (
	Test Mode = iota // what the library uses for inference
	Serving
	Finetuning
	Agnostic
)

// Want is what the reply shall carry; a sum.
type Want uint8

// What a reply can carry. Zero asks for ids.
const (
	WantIDs Want = 1 << iota
	WantText
	WantCount
	WantPrefixIDs
	WantImages
	WantAudios
)

// Option changes the result; a sum.
type Option uint8

// VLLMSteps are vLLM's own steps before the library is called.
const VLLMSteps Option = 1

// Request is one question. It is not changed by the client, and may be used again.
type Request struct {
	Op        Op
	Tokenizer string // empty: the sidecar's first
	Mode      Mode
	Want      Want
	Options   Option

	// MaxModelInputLen is the second argument of encode_chat_completion; nil: none.
	MaxModelInputLen *int64

	// The body, one of the two or none. Neither is copied, and a connection may still read them after Do has returned
	// early because its context ended: never change the bytes.
	JSON    []byte // JSON text
	Msgpack []byte // one msgpack value
}

// Keys of the request's envelope, proto/field.def.
const (
	keyVersion, version      = 0, 1
	keyOp                    = 1
	keyTimeoutMS             = 2
	keyTokenizer             = 3
	keyMode                  = 4
	keyWant                  = 5
	keyMaxModelInputLen      = 6
	keyOptions               = 7
	keyBodyJSON, keyBody     = 8, 9
	keyCancel                = 10
	maxBody              int = math.MaxUint32
)

func (r *Request) check() error {
	switch {
	case r == nil || r.Op == 0 || r.Op == cancelOp:
		return fmt.Errorf("%w: a request needs an op", ErrInvalidArgument)
	case r.JSON != nil && r.Msgpack != nil:
		return fmt.Errorf("%w: a request has one body, JSON or Msgpack", ErrInvalidArgument)
	case len(r.JSON) > maxBody:
		return service(TooLarge, "too_large", "a JSON body may have 4 GiB")
	}
	return nil
}

// pack gives the envelope up to the body, and the body's bytes, which are not copied.
func (r *Request) pack(timeout time.Duration) (envelope, body []byte) {
	fields := uint32(0)
	out := make([]byte, 1, 64+len(r.Tokenizer))
	put := func(key int, value int64) {
		fields++
		out = msgp.AppendInt(out, key)
		if value >= 0 {
			out = msgp.AppendUint64(out, uint64(value)) // as an unsigned integer it is shorter
		} else {
			out = msgp.AppendInt64(out, value)
		}
	}
	put(keyVersion, version)
	put(keyOp, int64(r.Op))
	if timeout > 0 {
		fields++
		out = append(out, keyTimeoutMS, 0xce)
		out = binary.BigEndian.AppendUint32(out, milliseconds(timeout))
	}
	if r.Tokenizer != "" {
		fields++
		out = appendTextHeader(append(out, keyTokenizer), []byte(r.Tokenizer))
		out = append(out, r.Tokenizer...)
	}
	if r.Mode != 0 {
		put(keyMode, int64(r.Mode))
	}
	if r.Want != 0 {
		put(keyWant, int64(r.Want))
	}
	if r.MaxModelInputLen != nil {
		put(keyMaxModelInputLen, *r.MaxModelInputLen)
	}
	if r.Options != 0 {
		put(keyOptions, int64(r.Options))
	}
	if r.JSON != nil {
		fields++
		out, body = appendTextHeader(append(out, keyBodyJSON), r.JSON), r.JSON
	} else if r.Msgpack != nil {
		fields++
		out, body = append(out, keyBody), r.Msgpack
	}
	out[0] = 0x80 | byte(fields)
	return out, body
}

// appendTextHeader appends the header of a str; of a bin where the text holds lone surrogates, which UTF-8 has no form for.
func appendTextHeader(to, text []byte) []byte {
	size := len(text)
	switch {
	case !utf8.Valid(text):
		return msgp.AppendBytesHeader(to, uint32(size))
	case size < 32:
		return append(to, 0xa0|byte(size))
	case size <= math.MaxUint8:
		return append(to, 0xd9, byte(size))
	case size <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(to, 0xda), uint16(size))
	}
	return binary.BigEndian.AppendUint32(append(to, 0xdb), uint32(size))
}

// milliseconds rounds up: what is left is never told as none.
func milliseconds(left time.Duration) uint32 {
	ms := (left + time.Millisecond - 1) / time.Millisecond
	return uint32(min(ms, math.MaxUint32))
}

// packCancel is the request that drops another one of the same connection.
func packCancel(id uint32) []byte {
	out := []byte{0x83, keyVersion, version, keyOp, byte(cancelOp), keyCancel, 0xce}
	return binary.BigEndian.AppendUint32(out, id)
}
