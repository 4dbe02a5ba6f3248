package providertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// refuse reads what must not be believed and says what is wrong if it is not refused properly.
func refuse(ctx context.Context, p bridge.Provider, d purchase.Delivery, what string) []string {
	reading, err := p.Read(ctx, d)
	var why purchase.Refusal
	switch {
	case err == nil && reading.Unkept && len(reading.Facts) == 0: // answered, and let go
		return nil
	case err == nil:
		return []string{what + " is accepted"}
	case !errors.Is(err, purchase.ErrForged):
		return []string{fmt.Sprintf("%s is not called forged: %v", what, err)}
	case !errors.As(err, &why):
		return []string{what + " is refused without a cause"}
	case len(reading.Facts) > 0:
		return []string{what + " is refused and believed"}
	}
	return nil
}

func changed(d purchase.Delivery, change func(*purchase.Delivery)) purchase.Delivery {
	d.Header, d.Body = d.Header.Clone(), bytes.Clone(d.Body)
	change(&d)
	return d
}

func genuineIsRead(ctx context.Context, h Harness, p bridge.Provider) []string {
	var faults []string
	for i, d := range h.Genuine {
		reading, err := p.Read(ctx, d)
		if err != nil {
			faults = append(faults, fmt.Sprintf("genuine delivery %d: %v", i, err))
		}
		if i == 0 && len(reading.Facts) == 0 {
			faults = append(faults, "the usual delivery tells nothing")
		}
		for _, f := range reading.Facts {
			faults = append(faults, malformed(h, f)...)
		}
	}
	return faults
}

// listens: the face turns away what comes by another method before anybody reads it.
func listens(_ context.Context, h Harness, p bridge.Provider) []string {
	methods := []string{http.MethodPost}
	if a, ok := p.(bridge.Answerer); ok {
		methods = a.Methods()
	}
	var faults []string
	for i, d := range h.Genuine {
		if !slices.Contains(methods, d.Method) {
			faults = append(faults, fmt.Sprintf("genuine delivery %d comes by %s, which it does not listen to", i, d.Method))
		}
	}
	return faults
}

// saidApart: whether a provider comes again hangs on the answer alone, on its status or on its body, as it reads them.
func saidApart(_ context.Context, h Harness, p bridge.Provider) []string {
	answerer, ok := p.(bridge.Answerer)
	if !ok {
		return nil
	}
	deliveries := slices.Concat(h.Genuine, h.Foreign)
	for _, b := range h.Bad {
		deliveries = append(deliveries, b.Delivery)
	}
	var faults []string
	for _, d := range deliveries {
		kept, refused := answerer.Answer(d, true), answerer.Answer(d, false)
		welcome := len(refused.Body) > 0 || refused.Status >= 200 && refused.Status < 300
		if welcome && bytes.Equal(kept.Body, refused.Body) {
			faults = append(faults, fmt.Sprintf("a refused delivery hears %d %q, as if it were kept", refused.Status, refused.Body))
		}
	}
	return faults
}

var tellable = []purchase.Kind{purchase.Approved, purchase.Pending, purchase.Authorised, purchase.Captured, purchase.Failed,
	purchase.Lapsed, purchase.Refunded, purchase.Reversed}

// malformed says what an adapter may not put into a fact, or must.
func malformed(h Harness, f purchase.Fact) []string {
	var faults []string
	expect := func(ok bool, what string) {
		if !ok {
			faults = append(faults, fmt.Sprintf("a fact of kind %s %s", f.Kind, what))
		}
	}
	expect(slices.Contains(tellable, f.Kind), "is none that a provider can tell")
	expect(f.Standing == purchase.Heard || f.Standing == purchase.Proved, "has the standing "+string(f.Standing))
	expect(f.Payment != "", "names no payment")
	expect(f.ID == "" && f.Seen.IsZero() && f.Number == 0 && f.Attempt == 0 && f.Source == "", "fills in what the engine gives")
	expect(f.Purchase.Environment == "" || f.Purchase.Environment == h.Environment, "is of another environment")
	if f.Purchase.ID != "" {
		id, err := purchase.ParseID(f.Purchase.ID)
		expect(err == nil && id == f.Purchase.ID, "spells its purchase in its own way")
	}
	expect(!moves(f) || (f.Money.Known() && f.Money.Minor >= 0 && f.Object != ""), "moves money without an amount or an object")
	if f.Money.Known() {
		_, ok := purchase.Digits(f.Money.Currency)
		expect(ok, "is in no currency of ISO 4217")
	}
	return faults
}

func sameSaysSame(ctx context.Context, h Harness, p bridge.Provider) []string {
	var faults []string
	for i, d := range h.Genuine {
		before := changed(d, func(*purchase.Delivery) {})
		first, err1 := p.Read(ctx, d)
		second, err2 := p.Read(ctx, d)
		if first.Message != second.Message || !cmp.Equal(identities(first.Facts), identities(second.Facts)) || (err1 == nil) != (err2 == nil) {
			faults = append(faults, fmt.Sprintf("genuine delivery %d says something else the second time", i))
		}
		if !cmp.Equal(before, d) {
			faults = append(faults, fmt.Sprintf("reading changes delivery %d", i))
		}
	}
	return faults
}

// identities tell whether two lists say the same; their order means nothing.
func identities(facts []purchase.Fact) []string {
	out := make([]string, 0, len(facts))
	for _, f := range facts {
		out = append(out, purchase.Identify(f).ID)
	}
	slices.Sort(out)
	return out
}

func forgedPayload(ctx context.Context, h Harness, p bridge.Provider) []string {
	d := h.Genuine[0]
	genuine := payload(d)
	var faults []string
	for i := 0; i < len(genuine); i += h.stride() {
		for _, by := range []byte{0x01, 0x20} {
			forged := bytes.Clone(genuine)
			forged[i] ^= by
			if h.Unsigned != nil && h.Unsigned(d, i, by) || h.Form && sameForm(genuine, forged) {
				continue
			}
			faults = append(faults, refuse(ctx, p, withPayload(d, forged), fmt.Sprintf("the payload with byte %d changed by %#x (%.40q)", i, by, forged[max(0, i-20):]))...)
		}
	}
	for what, forged := range map[string][]byte{"a cut payload": genuine[:len(genuine)-1], "an empty payload": {}} {
		faults = append(faults, refuse(ctx, p, withPayload(d, forged), what)...)
	}
	if !h.Form { // a form may grow by fields that nobody signed
		faults = append(faults, refuse(ctx, p, withPayload(d, append(bytes.Clone(genuine), '!')), "a longer payload")...)
	}
	return faults
}

// payload is what a delivery says: its body, or the query of one without.
func payload(d purchase.Delivery) []byte {
	if d.Method == http.MethodGet {
		return []byte(d.Query)
	}
	return d.Body
}

func withPayload(d purchase.Delivery, p []byte) purchase.Delivery {
	return changed(d, func(d *purchase.Delivery) {
		if d.Method == http.MethodGet {
			d.Query = string(p)
		} else {
			d.Body = p
		}
	})
}

// sameForm tells whether two payloads decode to the same fields.
func sameForm(a, b []byte) bool {
	x, errX := url.ParseQuery(string(a))
	y, errY := url.ParseQuery(string(b))
	return errX == nil && errY == nil && cmp.Equal(x, y)
}

func bad(ctx context.Context, h Harness, p bridge.Provider) []string {
	var faults []string
	for what, b := range h.Bad {
		_, err := p.Read(ctx, changed(b.Delivery, func(*purchase.Delivery) {}))
		var why purchase.Refusal
		if !errors.Is(err, purchase.ErrForged) || !errors.As(err, &why) || why != b.Why {
			faults = append(faults, fmt.Sprintf("%s: %v, want it refused as %s", what, err, b.Why))
		}
	}
	return faults
}

func onlyProof(ctx context.Context, h Harness, p bridge.Provider) []string {
	if _, asks := p.(bridge.Asker); asks {
		return nil
	}
	var faults []string
	for i, d := range h.Genuine {
		reading, _ := p.Read(ctx, d)
		for _, f := range reading.Facts {
			if f.Standing != purchase.Proved {
				faults = append(faults, fmt.Sprintf("genuine delivery %d tells of hearsay that nobody can prove", i))
			}
		}
	}
	return faults
}

func instructed(_ context.Context, _ Harness, p bridge.Provider) []string {
	i, ok := p.(bridge.Instructor)
	if !ok {
		return []string{"it does not say what the back office must be told"}
	}
	const callback = "https://pay.example.org/callback/main"
	var faults []string
	named := false
	for n, step := range i.Instructions(callback) {
		if step.En == "" || step.Fr == "" || step.En == step.Fr {
			faults = append(faults, fmt.Sprintf("step %d is not in both languages: %+v", n+1, step))
		}
		named = named || strings.Contains(step.Value+step.En, callback)
	}
	if !named {
		faults = append(faults, "no step names the callback address")
	}
	return faults
}

func forgedHeader(ctx context.Context, h Harness, p bridge.Provider) []string {
	d := h.Genuine[0]
	var faults []string
	for _, name := range h.Signed {
		value := d.Header.Get(name)
		for i := range len(value) {
			for _, by := range []byte{0x01, 0x20} {
				forged := []byte(value)
				forged[i] ^= by
				faults = append(faults, refuse(ctx, p, changed(d, func(d *purchase.Delivery) { d.Header.Set(name, string(forged)) }),
					fmt.Sprintf("header %s with byte %d changed", name, i))...)
			}
		}
	}
	return faults
}

func headersOnce(ctx context.Context, h Harness, p bridge.Provider) []string {
	d := h.Genuine[0]
	var faults []string
	for _, name := range h.Signed {
		value := d.Header.Get(name)
		for what, change := range map[string]func(*purchase.Delivery){
			"without header " + name:        func(d *purchase.Delivery) { d.Header.Del(name) },
			"with an empty header " + name:  func(d *purchase.Delivery) { d.Header.Set(name, "") },
			"with a doubled header " + name: func(d *purchase.Delivery) { d.Header.Add(name, value) },
			"with a second spelling of header " + name: func(d *purchase.Delivery) {
				d.Header[strings.ToUpper(name)] = []string{value}
			},
			"with a cut header " + name: func(d *purchase.Delivery) { d.Header.Set(name, value[:len(value)-1]) },
		} {
			faults = append(faults, refuse(ctx, p, changed(d, change), "a delivery "+what)...)
		}
	}
	return faults
}

func oversize(ctx context.Context, h Harness, p bridge.Provider) []string {
	large := withPayload(h.Genuine[0], append(bytes.Clone(payload(h.Genuine[0])), bytes.Repeat([]byte(" "), 1<<20)...))
	return refuse(ctx, p, large, "a body of more than 1 MiB")
}

func foreign(ctx context.Context, h Harness, p bridge.Provider) []string {
	var faults []string
	for i, d := range h.Foreign {
		faults = append(faults, refuse(ctx, p, d, fmt.Sprintf("foreign delivery %d", i))...)
	}
	return faults
}

func junk(ctx context.Context, h Harness, p bridge.Provider) []string {
	usual := h.Genuine[0]
	deliveries := map[string]purchase.Delivery{
		"nothing":      {},
		"no payload":   withPayload(usual, nil),
		"zero bytes":   withPayload(usual, make([]byte, 100)),
		"deep nesting": withPayload(usual, bytes.Repeat([]byte("["), 50000)),
		"odd method":   changed(usual, func(d *purchase.Delivery) { d.Method = http.MethodPut }),
	}
	if len(h.Signed) > 0 {
		name := http.CanonicalHeaderKey(h.Signed[0])
		deliveries["no header"] = changed(usual, func(d *purchase.Delivery) { d.Header = nil })
		deliveries["a header without a value"] = changed(usual, func(d *purchase.Delivery) { d.Header[name] = nil })
	}
	var faults []string
	for what, d := range deliveries {
		faults = append(faults, refuse(ctx, p, d, what)...)
	}
	return faults
}

// deep: what is nested without an end is read without harm, also under a genuine signature.
func deep(ctx context.Context, h Harness, p bridge.Provider) []string {
	if h.Sign == nil {
		return nil
	}
	const levels = 100_000
	usual := h.Genuine[0]
	var faults []string
	for _, bit := range []string{"[", `{"a":`, `{"data":`, `[{"a":`, "<a>", "<notification>", "a[", "%7B%22a%22%3A"} {
		endless := strings.Repeat(bit, levels)
		all := [][]byte{[]byte(endless), []byte("Data=" + endless), []byte(endless + "=1")}
		if before, after, found := bytes.Cut(payload(usual), []byte("{")); found {
			all = append(all, slices.Concat(before, []byte(`{"deep":`+endless+","), after))
		}
		for _, made := range all {
			d := withPayload(usual, made)
			h.Sign(&d)
			if reading, err := p.Read(ctx, d); len(reading.Facts) > 0 {
				faults = append(faults, fmt.Sprintf("%d levels of %q are believed: %v", levels, bit, err))
			}
		}
	}
	return faults
}

func askTwice(ctx context.Context, h Harness, p bridge.Provider) []string {
	asker, ok := p.(bridge.Asker)
	if !ok || len(h.Known) == 0 {
		return nil
	}
	var faults []string
	for _, ref := range h.Known {
		first, err := asker.Ask(ctx, ref)
		if err != nil {
			faults = append(faults, fmt.Sprintf("ask about %s: %v", ref.Payment, err))
			continue
		}
		second, err := asker.Ask(ctx, ref)
		if err != nil || !cmp.Equal(identities(first), identities(second)) {
			faults = append(faults, fmt.Sprintf("asking about %s again proves something else (%v)", ref.Payment, err))
		}
		for _, f := range first {
			faults = append(faults, malformed(h, f)...)
			if f.Standing != purchase.Proved {
				faults = append(faults, "what was asked for is not proved")
			}
		}
	}
	if _, err := asker.Ask(ctx, h.Unknown); !errors.Is(err, purchase.ErrNoPayment) {
		faults = append(faults, fmt.Sprintf("an unknown payment is not ErrNoPayment: %v", err))
	}
	return faults
}

func noSecrets(ctx context.Context, h Harness, p bridge.Provider) []string {
	var faults []string
	look := func(err error) {
		for _, s := range h.Secrets {
			if err != nil && s != "" && strings.Contains(fmt.Sprintf("%v %+v", err, err), s) {
				faults = append(faults, "an error holds a secret")
			}
		}
	}
	for _, d := range append(slices.Clone(h.Foreign), h.Genuine...) {
		_, err := p.Read(ctx, changed(d, func(d *purchase.Delivery) { d.Body = append(d.Body, '!') }))
		look(err)
	}
	if asker, ok := p.(bridge.Asker); ok {
		_, err := asker.Ask(ctx, h.Unknown)
		look(err)
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err = asker.Ask(ended, h.Unknown)
		look(err)
	}
	return faults
}

func together(ctx context.Context, h Harness, p bridge.Provider) []string {
	want, err := p.Read(ctx, h.Genuine[0])
	if err != nil {
		return []string{err.Error()}
	}
	var mu sync.Mutex
	var faults []string
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			got, err := p.Read(ctx, h.Genuine[0])
			if err != nil || !cmp.Equal(identities(want.Facts), identities(got.Facts)) {
				mu.Lock()
				defer mu.Unlock()
				faults = append(faults, fmt.Sprintf("read beside others: %v", err))
			}
		})
	}
	all.Wait()
	return faults
}
