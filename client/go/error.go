package sidetok

import (
	"context"
	"fmt"
)

// Code says how a request ended. Below 100 are exceptions of mistral_common, from 100 on our own (family "service").
// A newer sidecar may send codes that are not named here: go by Type and Family then.
type Code int

// Our own codes. Those of the reference's exceptions are told apart by Error.Type.
const (
	NoMemory         Code = 100 // here or in the sidecar
	BadRequest       Code = 101 // the sidecar could not read the request
	NotSupported     Code = 102 // understood, and not served
	UnknownTokenizer Code = 103 // no tokenizer of this name is loaded
	UnknownVersion   Code = 104 // client and sidecar speak different protocols
	UnknownOp        Code = 105 // the sidecar has no such operation
	Busy             Code = 106 // a queue is full, the client's or the sidecar's: later
	Expired          Code = 107 // the deadline passed while it waited in the sidecar
	TooLarge         Code = 108 // longer than the sidecar accepts
	ShuttingDown     Code = 110 // the sidecar drains, or the client is closed
	PeerLost         Code = 111 // the connection broke after the request was sent: it may have been run
	NotConnected     Code = 112 // no sidecar was there; the request was never sent
	BadReply         Code = 113 // the reply is no protocol 1
	InvalidArgument  Code = 115
	File             Code = 117 // the tokenizer's file can't be used
)

// FieldError is one entry of a ValidationError.
type FieldError struct {
	Type string // such as "missing"
	Loc  []any  // names (string) and positions (int64)
	Msg  string
}

// Error is a request that the sidecar, or this client, did not answer with a result.
type Error struct {
	Code    Code
	Type    string // the reference's class name, such as "InvalidMessageStructureException", or our own word
	Family  string // "MistralCommonException", "ValueError", "ValidationError", "other"; "service": not the reference's
	Message string // str(e), character for character; a lone surrogate stands as three bytes
	Stage   string // "convert" or "encode": the half of the reference's call that raised
	Errors  []FieldError
}

// Errors of this client; the sidecar's own of the same code match them under errors.Is.
var (
	ErrBusy            = service(Busy, "busy", "too many requests are pending")
	ErrShuttingDown    = service(ShuttingDown, "shutting_down", "the client is closed")
	ErrPeerLost        = service(PeerLost, "peer_lost", "the connection broke after the request was sent")
	ErrNotConnected    = service(NotConnected, "not_connected", "no sidecar is there")
	ErrBadReply        = service(BadReply, "bad_reply", "the reply is no protocol 1")
	ErrInvalidArgument = service(InvalidArgument, "invalid_argument", "invalid argument")
)

func service(code Code, name, message string) *Error {
	return &Error{Code: code, Type: name, Family: "service", Message: message}
}

// Error is the type and the message.
func (e *Error) Error() string { return fmt.Sprintf("sidetok: %s: %s", e.Type, e.Message) }

// Is matches errors of the same type, and an expired request with context.DeadlineExceeded.
func (e *Error) Is(target error) bool {
	if target == context.DeadlineExceeded {
		return e.Code == Expired
	}
	other, ok := target.(*Error)
	return ok && other.Code == e.Code && other.Type == e.Type
}
