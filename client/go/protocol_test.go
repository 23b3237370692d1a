package sidetok

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// examples are the byte examples of PROTOCOL.md by kind and name, "request chat_json".
func examples(t testing.TB) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("../../proto/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]byte{}
	for _, block := range regexp.MustCompile("(?s)```hex (\\w+ \\w+)\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		digits := regexp.MustCompile(`(?m)#.*$`).ReplaceAllString(block[2], "")
		raw, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
		if err != nil {
			t.Fatalf("%s: %v", block[1], err)
		}
		found[block[1]] = raw
	}
	return found
}

// body is what follows key 9 in an example.
func body(t testing.TB, example []byte) []byte {
	t.Helper()
	at := bytes.Index(example, []byte{keyBody, 0x82})
	if at < 0 {
		at = bytes.Index(example, []byte{keyBody, 0x83})
	}
	return example[at+1:]
}

func TestRequestsArePackedAsTheProtocolShows(t *testing.T) {
	shown := examples(t)
	limit := int64(32768)
	for name, request := range map[string]Request{
		"chat_json": {Op: Chat, Tokenizer: "v3", Want: WantIDs | WantCount,
			JSON: []byte(`{"messages": [{"role": "user", "content": "Hello"}]}`)},
		"chat_msgpack": {Op: Chat, Mode: Serving, Want: WantIDs | WantText, MaxModelInputLen: &limit, Options: VLLMSteps,
			Msgpack: body(t, shown["request chat_msgpack"])},
		"encode": {Op: Encode, Msgpack: body(t, shown["request encode"])},
		"decode": {Op: Decode, Want: WantText, Msgpack: body(t, shown["request decode"])},
		"ping":   {Op: Ping},
	} {
		timeout := time.Duration(0)
		if name == "chat_json" {
			timeout = 2 * time.Second
		}
		envelope, rest := request.pack(timeout)
		if got := append(envelope, rest...); !bytes.Equal(got, shown["request "+name]) {
			t.Errorf("%s:\n got % x\nwant % x", name, got, shown["request "+name])
		}
	}
	if got := packCancel(0x80000007); !bytes.Equal(got, shown["request cancel"]) {
		t.Errorf("cancel: % x", got)
	}
}

func TestTextWithLoneSurrogatesTravelsAsABin(t *testing.T) {
	lone := []byte("\"\xed\xa0\x80\"")
	envelope, _ := (&Request{Op: Chat, JSON: lone}).pack(0)
	if !bytes.HasSuffix(envelope, []byte{keyBodyJSON, 0xc4, 5}) {
		t.Errorf("% x", envelope)
	}
	for _, size := range []int{31, 32, 255, 256, 65535, 65536} {
		envelope, _ := (&Request{Op: Chat, JSON: bytes.Repeat([]byte{' '}, size)}).pack(0)
		if kind := envelope[6]; kind == 0xc4 || kind < 0xa0 {
			t.Errorf("%d bytes of text begin with %#x", size, kind)
		}
	}
}

func TestRepliesAreReadAsTheProtocolShows(t *testing.T) {
	shown := examples(t)
	for name, want := range map[string]*Reply{
		"tokens": {IDs: []uint32{1, 3, 22557}, Count: 3, Images: []Image{{256, 512}}, Audios: []Audio{{32000, 16000}}},
		"text":   {Text: "<s>[INST] Hi", PrefixIDs: []uint32{17}, Count: -1},
	} {
		if got, err := unpack(shown["reply "+name]); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	reply, err := unpack(shown["reply value"])
	if err != nil {
		t.Fatal(err)
	}
	value, err := reply.Value()
	if want := map[string]any{"version": "v3", "pad_id": int64(-1)}; err != nil || !reflect.DeepEqual(value, want) {
		t.Errorf("value: %#v, %v", value, err)
	}
}

func TestErrorsAreReadAsTheProtocolShows(t *testing.T) {
	shown := examples(t)
	for name, want := range map[string]*Error{
		"error": {Code: 44, Type: "InvalidMessageStructureException", Family: "MistralCommonException",
			Message: "Conversation must have at least one message", Stage: "encode"},
		"validation_error": {Code: 1, Type: "ValidationError", Family: "ValidationError", Message: "bad \xed\xb2\x80",
			Stage: "convert", Errors: []FieldError{{"missing", []any{"messages", int64(0)}, "Field required"}}},
		"busy": {Code: Busy, Type: "busy", Family: "service", Message: "the queue is full"},
	} {
		_, err := unpack(shown["reply "+name])
		if !reflect.DeepEqual(err, error(want)) {
			t.Errorf("%s: %#v", name, err)
		}
	}
	if _, err := unpack(shown["reply busy"]); !errors.Is(err, ErrBusy) {
		t.Errorf("the sidecar's busy is not ErrBusy")
	}
}

func TestUnknownFieldsOfAReplyAreSteppedOver(t *testing.T) {
	message := []byte("\x86\x00\x01\x01\x00\x04\x07\xa4note\xa2hi\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xc0\xff\x91\x80")
	if reply, err := unpack(message); err != nil || reply.Count != 7 {
		t.Errorf("%+v, %v", reply, err)
	}
}

func TestAFieldGivenTwiceIsABadReply(t *testing.T) {
	if _, err := unpack([]byte("\x84\x00\x01\x01\x00\x04\x07\x04\x07")); !errors.Is(err, ErrBadReply) {
		t.Errorf("%v", err)
	}
}

func TestAReplyOfAnotherVersionIsTold(t *testing.T) {
	var failure *Error
	if _, err := unpack([]byte("\x82\x00\x02\x01\xa5novel")); !errors.As(err, &failure) || failure.Code != UnknownVersion {
		t.Errorf("%v", err)
	}
}

func TestARepliesEveryPrefixIsABadReply(t *testing.T) {
	for name, whole := range examples(t) {
		if !strings.HasPrefix(name, "reply ") {
			continue
		}
		for n := range whole {
			if _, err := unpack(whole[:n]); !errors.Is(err, ErrBadReply) {
				t.Errorf("%s: %d of %d bytes: %v", name, n, len(whole), err)
			}
		}
		if _, err := unpack(append(whole[:len(whole):len(whole)], 0)); !errors.Is(err, ErrBadReply) {
			t.Errorf("%s with a byte left over: %v", name, err)
		}
	}
}

func TestCodesAreThoseOfTheProtocol(t *testing.T) {
	text, err := os.ReadFile("../../proto/error.def")
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]Code{"no_memory": NoMemory, "bad_request": BadRequest, "not_supported": NotSupported,
		"unknown_tokenizer": UnknownTokenizer, "unknown_version": UnknownVersion, "unknown_op": UnknownOp, "busy": Busy,
		"expired": Expired, "too_large": TooLarge, "shutting_down": ShuttingDown, "peer_lost": PeerLost,
		"not_connected": NotConnected, "bad_reply": BadReply, "invalid_argument": InvalidArgument, "file": File}
	for _, line := range regexp.MustCompile(`X\(E_\w+, (\d+), "(\w+)", "service"\)`).FindAllStringSubmatch(string(text), -1) {
		code, _ := strconv.Atoi(line[1])
		if got, has := ours[line[2]]; has && got != Code(code) {
			t.Errorf("%s is %d, not %d", line[2], code, got)
		}
		delete(ours, line[2])
	}
	if len(ours) > 0 {
		t.Errorf("not in error.def: %v", ours)
	}
}

func FuzzUnpack(f *testing.F) {
	for name, example := range examples(f) {
		if strings.HasPrefix(name, "reply ") {
			f.Add(example)
		}
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		reply, err := unpack(message)
		if (reply == nil) == (err == nil) {
			t.Fatalf("%v, %v", reply, err)
		}
		if reply != nil {
			reply.Value()
		}
	})
}
