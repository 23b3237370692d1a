package sidetok

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// The real daemon: SIDETOKD is its program, SIDETOK_VARIANTS the folder of the tokenizer files of the recorded cases.

var tokenizers = map[string]string{
	"spm_v3":        "mistral_instruct_tokenizer_240323.model.v3",
	"tekken_240718": "tekken_240718.json",
}

type daemon struct {
	t       *testing.T
	url     string
	process *exec.Cmd
}

func startDaemon(t *testing.T) *daemon {
	t.Helper()
	if os.Getenv("SIDETOKD") == "" || os.Getenv("SIDETOK_VARIANTS") == "" {
		t.Skip("SIDETOKD (the program) or SIDETOK_VARIANTS (tokenizer files) is not set")
	}
	d := &daemon{t: t, url: "ipc://" + filepath.Join(t.TempDir(), "s")}
	d.start()
	t.Cleanup(d.kill)
	return d
}

func (d *daemon) start() {
	arguments := []string{"--listen", d.url}
	for name, file := range tokenizers {
		arguments = append(arguments, "--tokenizer", name+"="+filepath.Join(os.Getenv("SIDETOK_VARIANTS"), file))
	}
	d.process = exec.Command(os.Getenv("SIDETOKD"), arguments...)
	if err := d.process.Start(); err != nil {
		d.t.Fatal(err)
	}
}

func (d *daemon) kill() {
	d.process.Process.Kill()
	d.process.Wait()
}

// recorded is a case of tests/parity, as far as these tests look.
type recorded struct {
	ID        string
	Tokenizer string
	Op        string
	Mode      string
	Request   json.RawMessage
	Expect    struct {
		Tokens json.RawMessage
		Error  *struct{ Type, Message, Stage string }
	}
}

func cases(t *testing.T, file string, n int) (found []recorded) {
	t.Helper()
	packed, err := os.Open("../../tests/parity/cases/" + file + ".jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	text, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() && len(found) < n {
		var one recorded
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		// Go's strings hold no lone surrogates, and generated values ("$repeat") are for the replayer.
		isPlain := !strings.Contains(string(one.Request), `{"$`) && !strings.Contains(lines.Text(), `\ud`)
		if tokenizers[one.Tokenizer] != "" && one.Op == "chat" && isPlain && one.Request != nil {
			found = append(found, one)
		}
	}
	return found
}

func TestRecordedChatsGetTheReferencesIDs(t *testing.T) {
	client := open(t, Options{}, startDaemon(t).url)
	found := cases(t, "chat", 200)
	if len(found) < 50 {
		t.Fatalf("only %d cases", len(found))
	}
	modes := map[string]Mode{"test": Test, "serving": Serving, "finetuning": Finetuning, "agnostic": Agnostic}
	for _, one := range found {
		var want []uint32
		if err := json.Unmarshal(one.Expect.Tokens, &want); err != nil {
			continue // a long result, recorded as a digest
		}
		reply, err := client.Do(context.Background(),
			&Request{Op: Chat, Tokenizer: one.Tokenizer, Mode: modes[one.Mode], Want: WantIDs | WantCount, JSON: one.Request})
		if err != nil || !reflect.DeepEqual(reply.IDs, want) || reply.Count != int64(len(want)) {
			t.Errorf("%s: %v, %v", one.ID, reply, err)
		}
	}
}

func TestRecordedErrorsAreTheReferences(t *testing.T) {
	client := open(t, Options{}, startDaemon(t).url)
	found := cases(t, "chat_errors", 200)
	if len(found) < 50 {
		t.Fatalf("only %d cases", len(found))
	}
	modes := map[string]Mode{"test": Test, "serving": Serving, "finetuning": Finetuning, "agnostic": Agnostic}
	for _, one := range found {
		want := one.Expect.Error
		_, err := client.Do(context.Background(),
			&Request{Op: Chat, Tokenizer: one.Tokenizer, Mode: modes[one.Mode], JSON: one.Request})
		var got *Error
		if !errors.As(err, &got) || got.Type != want.Type || got.Message != want.Message || got.Stage != want.Stage {
			t.Errorf("%s: %v, not %+v", one.ID, err, want)
		}
	}
}

func hello(i int) *Request {
	return &Request{Op: Encode, Tokenizer: "spm_v3", Want: WantText | WantIDs,
		JSON: fmt.Appendf(nil, `{"text": "%d", "bos": false, "eos": false}`, i)}
}

func TestManyGoroutinesShareAClient(t *testing.T) {
	client := open(t, Options{}, startDaemon(t).url)
	var all sync.WaitGroup
	for i := range 10000 {
		all.Add(1)
		go func() {
			defer all.Done()
			reply, err := client.Do(context.Background(), hello(i))
			if err != nil {
				t.Errorf("%d: %v", i, err)
			} else if got := strings.ReplaceAll(reply.Text, "▁", ""); got != fmt.Sprint(i) {
				t.Errorf("%d got the answer of %s", i, got)
			}
		}()
	}
	all.Wait()
}

func TestServiceResumesAfterTheDaemonIsKilled(t *testing.T) {
	d := startDaemon(t)
	client := open(t, Options{}, d.url)
	for range 5 {
		var all sync.WaitGroup
		for i := range 200 {
			all.Add(1)
			go func() {
				defer all.Done()
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				defer cancel()
				_, err := client.Do(ctx, hello(i))
				if err != nil && !errors.Is(err, ErrPeerLost) && !errors.Is(err, ErrNotConnected) {
					t.Errorf("%v", err)
				}
			}()
		}
		d.kill()
		d.start()
		all.Wait()
	}
	if _, err := client.Do(context.Background(), hello(0)); err != nil {
		t.Errorf("%v", err)
	}
}

func TestALongRequestsDeadlineIsKept(t *testing.T) {
	client := open(t, Options{}, startDaemon(t).url)
	if _, err := client.Do(context.Background(), hello(0)); err != nil {
		t.Fatal(err) // loaded and connected
	}
	text := strings.Repeat("never in the way ", 1<<20)
	long := &Request{Op: Encode, JSON: []byte(`{"text": "` + text + `", "bos": false, "eos": false}`)}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, err := client.Do(ctx, long); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if reply, err := client.Do(context.Background(), long); err != nil || len(reply.IDs) < 1<<20 {
		t.Errorf("%v", err)
	}
}
