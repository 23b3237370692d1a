package sidetok

import (
	"encoding/binary"
	"errors"

	"github.com/tinylib/msgp/msgp"
)

// Image is a resized image, in pixels.
type Image struct{ Height, Width int64 }

// Audio is a sound as the model gets it: resampled and padded.
type Audio struct {
	Samples int64
	Rate    int64 // samples a second
}

// Reply is an answer. What was not asked for is zero.
type Reply struct {
	IDs       []uint32 // a padding id of -1 is 4294967295
	Text      string   // UTF-8; a lone surrogate stands as three bytes
	Count     int64    // number of ids where it was wanted, else -1
	PrefixIDs []uint32 // the ids of a final assistant message that is to be continued
	Images    []Image
	Audios    []Audio
	value     []byte
}

// Value is the result of the smaller operations (info, ping, load, byte_piece, is_special, special_id), nil when there
// is none: bool, int64, uint64, string, []byte, []any or map[string]any. The error is of a map with other keys.
func (r *Reply) Value() (any, error) {
	if r.value == nil {
		return nil, nil
	}
	value, _, err := msgp.ReadIntfBytes(r.value)
	return value, err
}

var (
	errReply   = errors.New("not an envelope of protocol 1")
	errVersion = service(UnknownVersion, "unknown_version", "the sidecar's reply has another protocol version")
)

// unpack reads a reply's envelope. The error is an *Error: the sidecar's, or ErrBadReply.
func unpack(message []byte) (*Reply, error) {
	reply, failure, err := unpackFields(message)
	if err == errVersion {
		return nil, err
	}
	if err != nil {
		bad := *ErrBadReply
		bad.Message += ": " + err.Error()
		return nil, &bad
	}
	if failure.Code != 0 {
		return nil, failure
	}
	return reply, nil
}

func unpackFields(rest []byte) (*Reply, *Error, error) {
	reply, failure := &Reply{Count: -1}, &Error{}
	n, rest, err := msgp.ReadMapHeaderBytes(rest)
	seen := uint64(0)
	for i := uint32(0); i < n && err == nil; i++ {
		key, value, keyErr := msgp.ReadUint64Bytes(rest)
		switch {
		case i == 0:
			rest, err = readVersion(key, value, keyErr)
		case keyErr != nil: // a key of another type is an unknown field
			if rest, err = msgp.Skip(rest); err == nil {
				rest, err = msgp.Skip(rest)
			}
		case key < 64 && seen&(1<<key) != 0:
			err = errReply // given twice
		default:
			rest, err = unpackField(key, value, reply, failure)
		}
		if keyErr == nil && key < 64 {
			seen |= 1 << key
		}
	}
	hasCode := seen&(1<<1) != 0
	if err == nil && (!hasCode || len(rest) > 0) {
		err = errReply
	}
	return reply, failure, err
}

// readVersion reads the value of the first pair, which is the same in every version to come.
func readVersion(key uint64, rest []byte, keyErr error) ([]byte, error) {
	v, rest, err := msgp.ReadUint64Bytes(rest)
	if keyErr != nil || key != keyVersion || err != nil {
		return rest, errReply
	}
	if v != version {
		return rest, errVersion
	}
	return rest, nil
}

// unpackField reads the value of one key, proto/field.def; one that it doesn't know is stepped over.
func unpackField(key uint64, rest []byte, reply *Reply, failure *Error) (_ []byte, err error) {
	switch key {
	case 1:
		var code int64
		code, rest, err = msgp.ReadInt64Bytes(rest)
		failure.Code = Code(code)
	case 2:
		reply.IDs, rest, err = readIDs(rest)
	case 3:
		reply.Text, rest, err = readText(rest)
	case 4:
		reply.Count, rest, err = msgp.ReadInt64Bytes(rest)
	case 5:
		reply.PrefixIDs, rest, err = readIDs(rest)
	case 6:
		err = eachPair(&rest, func(a, b int64) { reply.Images = append(reply.Images, Image{a, b}) })
	case 7:
		err = eachPair(&rest, func(a, b int64) { reply.Audios = append(reply.Audios, Audio{a, b}) })
	case 8:
		value := rest
		rest, err = msgp.Skip(rest)
		reply.value = value[:len(value)-len(rest)]
	case 10:
		failure.Type, rest, err = readText(rest)
	case 11:
		failure.Family, rest, err = readText(rest)
	case 12:
		failure.Message, rest, err = readText(rest)
	case 13:
		failure.Stage, rest, err = readText(rest)
	case 14:
		failure.Errors, rest, err = readErrors(rest)
	default:
		rest, err = msgp.Skip(rest)
	}
	return rest, err
}

// readText reads a str, or a bin: text with lone surrogates.
func readText(rest []byte) (string, []byte, error) {
	if msgp.NextType(rest) == msgp.BinType {
		text, rest, err := msgp.ReadBytesZC(rest)
		return string(text), rest, err
	}
	return msgp.ReadStringBytes(rest)
}

func readIDs(rest []byte) ([]uint32, []byte, error) {
	raw, rest, err := msgp.ReadBytesZC(rest)
	if err == nil && len(raw)%4 != 0 {
		err = errReply
	}
	if err != nil {
		return nil, rest, err
	}
	ids := make([]uint32, len(raw)/4)
	for i := range ids {
		ids[i] = binary.LittleEndian.Uint32(raw[4*i:])
	}
	return ids, rest, nil
}

func eachPair(rest *[]byte, add func(a, b int64)) error {
	n, left, err := msgp.ReadArrayHeaderBytes(*rest)
	for ; n > 0 && err == nil; n-- {
		var size uint32
		var a, b int64
		if size, left, err = msgp.ReadArrayHeaderBytes(left); err == nil && size != 2 {
			err = errReply
		}
		if err == nil {
			a, left, err = msgp.ReadInt64Bytes(left)
		}
		if err == nil {
			b, left, err = msgp.ReadInt64Bytes(left)
		}
		if err == nil {
			add(a, b)
		}
	}
	*rest = left
	return err
}

func readErrors(rest []byte) ([]FieldError, []byte, error) {
	n, rest, err := msgp.ReadArrayHeaderBytes(rest)
	var errs []FieldError
	for ; n > 0 && err == nil; n-- {
		var one FieldError
		one, rest, err = readFieldError(rest)
		errs = append(errs, one)
	}
	return errs, rest, err
}

func readFieldError(rest []byte) (one FieldError, _ []byte, err error) {
	n, rest, err := msgp.ReadMapHeaderBytes(rest)
	for ; n > 0 && err == nil; n-- {
		var name string
		if name, rest, err = msgp.ReadStringBytes(rest); err != nil {
			break
		}
		switch name {
		case "type":
			one.Type, rest, err = readText(rest)
		case "msg":
			one.Msg, rest, err = readText(rest)
		case "loc":
			one.Loc, rest, err = readLoc(rest)
		default:
			rest, err = msgp.Skip(rest)
		}
	}
	return one, rest, err
}

func readLoc(rest []byte) (loc []any, _ []byte, err error) {
	n, rest, err := msgp.ReadArrayHeaderBytes(rest)
	for ; n > 0 && err == nil; n-- {
		if kind := msgp.NextType(rest); kind == msgp.IntType || kind == msgp.UintType {
			var position int64
			position, rest, err = msgp.ReadInt64Bytes(rest)
			loc = append(loc, position)
			continue
		}
		var name string
		name, rest, err = readText(rest)
		loc = append(loc, name)
	}
	return loc, rest, err
}
