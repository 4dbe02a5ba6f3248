package post_test

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/post"
	"github.com/paybridge/paybridge/bridge/purchase"
)

func subject(t *testing.T, m received) string {
	t.Helper()
	text, err := new(mime.WordDecoder).DecodeHeader(m.message.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (c *town) want(lines ...string) {
	c.t.Helper()
	if diff := cmp.Diff(lines, c.outbox()); diff != "" {
		c.t.Errorf("the outbox (-want +is)\n%s", diff)
	}
}

func TestAPaidAndRegisteredBuyerIsToldTwiceAndOtherSystemsToo(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	c.pays("p1", buyer)
	c.seats("p1")
	c.turn(time.Minute)
	c.want("payment_received mail:payer sent sent", "payment_received webhook:crm sent sent", "participation_confirmed mail:payer sent sent",
		"participation_confirmed webhook:crm sent sent")
	mails := c.mail.mails()
	if len(mails) != 2 || subject(t, mails[0]) != "Payment received" || subject(t, mails[1]) != "Participation confirmed" {
		t.Fatalf("%+v", mails)
	}
	for _, m := range mails {
		h := m.message.Header
		if !m.secure || m.to != buyer || m.from != "tickets@contoso.example" || h.Get("Auto-Submitted") != "auto-generated" || h.Get("Date") == "" ||
			!strings.HasPrefix(h.Get("Content-Type"), "text/plain; charset=UTF-8") {
			t.Errorf("secure %v, from %s to %s, %v", m.secure, m.from, m.to, h)
		}
	}
	if n := testutil.ToFloat64(counter(t, c, "mail", "payment_received", "sent")); n != 1 {
		t.Errorf("counted %v times", n)
	}
}

func TestAMailNamesTheEventAsSoonAsItIsKnown(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	c.pays("p1", buyer) // told by the provider, before Dynamics was asked
	c.keep(purchase.Fact{Purchase: keyOf("p1"), Kind: purchase.Offered, Standing: purchase.Own, Money: purchase.Money{Minor: 4500, Currency: "EUR"}, Detail: purchase.Detail{EventName: "Gala"}})
	c.turn(time.Minute)
	if mails := c.mail.mails(); len(mails) != 1 || subject(t, mails[0]) != "Payment received – Gala" {
		t.Errorf("%+v", mails)
	}
}

func TestTheDeskIsToldToTheOrganiserOnly(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	orphan := purchase.Orphan("main", "shop", "p")
	f := purchase.Fact{Purchase: orphan, Kind: purchase.Captured, Standing: purchase.Proved, Account: "shop", Payment: "p", Object: "o",
		Money: purchase.Money{Minor: 4500, Currency: "EUR"}, Payer: buyer}
	c.keep(f)
	f.At = c.clock.Now()
	p := purchase.Fold(orphan, []purchase.Fact{purchase.Identify(f)}, purchase.DefaultPolicy(50*time.Minute))
	c.keep(purchase.Fact{Purchase: orphan, Kind: purchase.Handed, Standing: purchase.Own, Detail: purchase.Detail{Cause: purchase.CauseOrphan, Basis: p.Sight()}})
	c.turn(time.Minute)
	c.want("desk mail:organiser sent sent", "desk webhook:crm sent sent")
	if mails := c.mail.mails(); len(mails) != 1 || mails[0].to != "desk@contoso.example" || !strings.Contains(subject(t, mails[0]), "orphan") {
		t.Errorf("%+v", mails)
	}
}

func TestDynamicsKnowsTheAddressBetterThanTheProvider(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	c.book.known["p1"] = purchase.Contact{Address: "attendee@example.org", Language: "fr"}
	c.pays("p1", buyer)
	c.turn(time.Minute)
	if mails := c.mail.mails(); len(mails) != 1 || mails[0].to != "attendee@example.org" || subject(t, mails[0]) != "Paiement reçu" {
		t.Errorf("%+v", mails)
	}
	c.book.away = true
	c.pays("p2", buyer)
	c.turn(time.Minute)
	if mails := c.mail.mails(); len(mails) != 2 || mails[1].to != buyer {
		t.Errorf("with dynamics away: %+v", mails)
	}
}

func TestWithoutAnAddressNothingIsSentAndThatIsSaid(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	c.pays("p1", "")
	c.turn(2 * time.Hour)
	c.want("payment_received mail:payer dropped no_address", "payment_received webhook:crm sent sent")
	c.book.away = true
	c.pays("p2", "")
	c.turn(time.Hour)
	c.book.away, c.book.known["p2"] = false, purchase.Contact{Address: buyer}
	c.turn(time.Hour)
	if mails := c.mail.mails(); len(mails) != 1 || mails[0].to != buyer {
		t.Errorf("%+v", mails)
	}
}

// The mail server is away for an hour: all of it arrives when it is back, and nothing is given up or sent twice.
func TestAnHourWithoutAMailServerLosesNothing(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	c.mail.set(func(m *mailServer) { m.senders = 421 })
	for n := range 20 {
		c.pays(fmt.Sprint("p", n), buyer)
	}
	c.turn(time.Hour)
	if n := len(c.mail.mails()); n != 0 {
		t.Fatalf("%d mails went through", n)
	}
	c.mail.set(func(m *mailServer) { m.senders = 0 })
	c.turn(6 * time.Minute) // a channel that was away is tried every five minutes, and its messages with it
	seen := map[string]bool{}
	for _, m := range c.mail.mails() {
		seen[m.message.Header.Get("Message-ID")] = true
	}
	if len(seen) != 20 || len(c.mail.mails()) != 20 {
		t.Errorf("%d mails, %d of them different", len(c.mail.mails()), len(seen))
	}
	if n := len(c.hook.calls()); n != 20 {
		t.Errorf("%d webhooks: one channel holds up the other", n)
	}
}

func TestAGreylistedMailComesLaterAndOthersAtOnce(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	c.mail.set(func(m *mailServer) { m.greylist[buyer] = 2 })
	c.pays("p1", buyer)
	c.pays("p2", "dominique@example.org")
	c.turn(0)
	if mails := c.mail.mails(); len(mails) != 1 || mails[0].to != "dominique@example.org" {
		t.Fatalf("%+v", mails)
	}
	c.turn(5 * time.Minute)
	if mails := c.mail.mails(); len(mails) != 2 || mails[1].to != buyer {
		t.Errorf("%+v", mails)
	}
}

func TestAMailboxThatIsNotThereIsGivenUpAndShown(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	c.mail.set(func(m *mailServer) { m.refuse[buyer] = 550 })
	c.pays("p1", buyer)
	c.turn(time.Hour)
	c.want("payment_received mail:payer given_up smtp_550", "payment_received webhook:crm sent sent")
	if n := testutil.ToFloat64(counter(t, c, "mail", "payment_received", "given_up")); n != 1 {
		t.Errorf("counted %v times", n)
	}
	if c.logs.FilterMessage("message is given up; tell the person by another way").Len() != 1 {
		t.Error("nobody is told that it was given up")
	}
}

func TestARefusedSenderGivesNoMessageUp(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	c.mail.set(func(m *mailServer) { m.senders = 553 })
	c.pays("p1", buyer)
	c.turn(time.Hour)
	c.mail.set(func(m *mailServer) { m.senders = 0 })
	c.turn(10 * time.Minute)
	if n := len(c.mail.mails()); n != 1 {
		t.Errorf("%d mails after the sender was put right", n)
	}
}

// A connection that breaks after the mail was taken: nobody knows, so it is sent again, and both are the same to a mail system.
func TestADroppedConnectionIsSentAgainUnderTheSameMessageID(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	c.mail.set(func(m *mailServer) { m.drop = 1 })
	c.pays("p1", buyer)
	c.turn(5 * time.Minute)
	mails := c.mail.mails()
	if len(mails) != 2 || mails[0].message.Header.Get("Message-ID") != mails[1].message.Header.Get("Message-ID") || mails[0].message.Header.Get("Message-ID") == "" {
		t.Errorf("%+v", mails)
	}
}

func TestASlowServerIsLeftAfterTheTimeout(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	c.mail.set(func(m *mailServer) { m.slow = 2500 * time.Millisecond })
	c.pays("p1", buyer)
	began := time.Now()
	c.post.Turn(t.Context())
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("waited %v", took)
	}
	c.want("payment_received mail:payer pending no_answer", "payment_received webhook:crm sent sent")
}

// The node dies after the other side took the message and before that is noted.
func TestAKillBetweenSendingAndNotingSendsAgainUnderTheSameKey(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	c.mail.set(func(m *mailServer) { m.after = func(received) { _ = c.store.Close() } })
	c.hook.answer = func(int, http.ResponseWriter) { _ = c.store.Close() }
	c.pays("p1", buyer)
	c.post.Turn(t.Context())
	c.mail.set(func(m *mailServer) { m.after = nil })
	c.crash()
	c.post.Turn(t.Context())
	c.hook.answer = nil
	c.crash()
	c.post.Turn(t.Context())
	c.want("payment_received mail:payer sent sent", "payment_received webhook:crm sent sent")
	mails, calls := c.mail.mails(), c.hook.calls()
	if len(mails) != 2 || len(calls) != 2 {
		t.Fatalf("%d mails, %d calls", len(mails), len(calls))
	}
	if mails[0].message.Header.Get("Message-ID") != mails[1].message.Header.Get("Message-ID") || calls[0].header.Get("Webhook-Id") != calls[1].header.Get("Webhook-Id") {
		t.Error("a repeat goes by another key")
	}
	if string(calls[0].body) != string(calls[1].body) {
		t.Errorf("a repeat says something else:\n%s\n%s", calls[0].body, calls[1].body)
	}
}

func TestWhoIsAskedToEndSendsTheMessageInHandAndNoOther(t *testing.T) {
	t.Parallel()
	c := newTown(t, func(c *town) { c.config.Webhooks = nil })
	ctx, end := context.WithCancel(t.Context())
	c.mail.set(func(m *mailServer) { m.after = func(received) { end() } })
	for n := range 5 {
		c.pays(fmt.Sprint("p", n), buyer)
	}
	if err := c.post.Run(ctx); err != nil || len(c.mail.mails()) != 1 {
		t.Errorf("%d mails, %v", len(c.mail.mails()), err)
	}
	c.mail.set(func(m *mailServer) { m.after = nil })
	c.turn(time.Minute) // the others wait for no lease
	if n := len(c.mail.mails()); n != 5 {
		t.Errorf("%d mails", n)
	}
}

func TestTwoNodesSendEachMessageOnce(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	for n := range 40 {
		c.pays(fmt.Sprint("p", n), buyer)
	}
	var nodes sync.WaitGroup
	for _, p := range []*post.Post{c.post, c.node("b")} {
		nodes.Go(func() {
			for range 8 {
				p.Turn(t.Context())
			}
		})
	}
	nodes.Wait()
	if mails, calls := len(c.mail.mails()), len(c.hook.calls()); mails != 40 || calls != 40 {
		t.Errorf("%d mails and %d webhooks for 40 payments", mails, calls)
	}
}

func TestWhatIsErasedWhileItWaitsIsNotSent(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	c.mail.set(func(m *mailServer) { m.greylist[buyer] = 1 })
	c.book.known["p1"] = purchase.Contact{Address: buyer}
	c.pays("p1", buyer)
	c.turn(0)
	erase := func() {
		if _, err := c.store.EraseContact(t.Context(), bridge.Erasure{Purchase: keyOf("p1")}); err != nil {
			t.Error(err)
		}
	}
	erase()
	asked := c.book.asked
	c.seats("p1") // what comes after finds nobody either
	c.turn(0)
	if c.book.asked != asked {
		t.Error("Dynamics is asked for what was erased")
	}
	c.pays("p2", "")
	c.book.known["p2"] = purchase.Contact{Address: buyer}
	c.book.onAsked = func() { // erased while Dynamics is asked for it
		c.book.onAsked = nil
		_, err := c.store.EraseContact(t.Context(), bridge.Erasure{Purchase: keyOf("p2")})
		if err != nil {
			t.Error(err)
		}
	}
	c.turn(time.Hour)
	for _, m := range c.mail.mails() {
		t.Errorf("a mail to %s", m.to)
	}
	if lines := c.outbox(); slices.ContainsFunc(lines, func(l string) bool {
		return strings.Contains(l, "mail:payer") && !strings.HasSuffix(l, "dropped erased")
	}) {
		t.Errorf("%q", lines)
	}
}

func TestWhatIsTooOldIsGivenUp(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	c.hook.answer = func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) }
	c.pays("p1", buyer)
	c.turn(71 * time.Hour)
	c.want("payment_received mail:payer sent sent", "payment_received webhook:crm pending http_500")
	c.turn(3 * time.Hour)
	c.want("payment_received mail:payer sent sent", "payment_received webhook:crm given_up http_500")
	if n := len(c.hook.calls()); n > 90 {
		t.Errorf("%d tries in three days", n)
	}
}

// No address is in any log, metric or error, whatever goes wrong.
func TestNoAddressIsEverShown(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	for n, mood := range []func(*mailServer){func(*mailServer) {}, func(m *mailServer) { m.refuse[buyer] = 550 }, func(m *mailServer) { m.refuse[buyer] = 452 },
		func(m *mailServer) { m.senders = 550 }, func(m *mailServer) { m.drop = 9 }} {
		c.mail.set(mood)
		c.pays(fmt.Sprint("p", n), buyer)
		c.turn(time.Minute)
		c.mail.set(func(m *mailServer) { m.refuse, m.senders, m.drop = map[string]int{}, 0, 0 })
	}
	for _, e := range c.logs.All() {
		text := fmt.Sprint(e.Message, e.ContextMap())
		if strings.Contains(text, "@") || strings.Contains(text, "camille") {
			t.Errorf("logged: %s", text)
		}
	}
	families, err := c.registry.Gather()
	if err != nil || strings.Contains(fmt.Sprint(families), "camille") {
		t.Errorf("%v, %v", families, err)
	}
	if text := fmt.Sprint(c.outbox()); strings.Contains(text, "@") {
		t.Error(text)
	}
}

func TestALineOfAnEventsNameIsNoHeader(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	evil := "Concert\r\nBcc: everybody@example.org\r\n\r\nBuy\u202e \x00now"
	c.keep(purchase.Fact{Purchase: keyOf("p1"), Kind: purchase.Offered, Standing: purchase.Own, Money: purchase.Money{Minor: 4500, Currency: "EUR"}, Detail: purchase.Detail{EventName: evil}})
	c.pays("p1", buyer)
	c.turn(time.Minute)
	mails := c.mail.mails()
	if len(mails) != 1 || mails[0].message.Header.Get("Bcc") != "" || subject(t, mails[0]) != "Payment received – Concert Bcc: everybody@example.org Buy now" {
		t.Fatalf("%+v", mails)
	}
}

func TestAMessageOfATestSaysSo(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	sandbox, err := post.New(post.Options{Config: c.config, Outbox: c.store, Environments: []bridge.Environment{{Name: "main", Registrar: c.book}}, Clock: c.clock,
		Chance: half{}, Owner: "b", Log: c.log()})
	if err != nil {
		t.Fatal(err)
	}
	c.pays("p1", buyer)
	sandbox.Turn(t.Context())
	if mails := c.mail.mails(); len(mails) != 1 || subject(t, mails[0]) != "[TEST] Payment received" || !strings.Contains(string(c.hook.calls()[0].body), `"mode":"sandbox"`) {
		t.Errorf("%+v", mails)
	}
}

func TestTheBuyersLanguageIsTheOneOfTheReturnPage(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{"fr": "Paiement reçu", "": "Paiement reçu / Payment received"} {
		c := newTown(t, func(c *town) { c.config.Language = "" })
		if language != "" {
			token := bridge.Token{Hash: "h", Purchase: keyOf("p1"), Account: "shop", Language: language, Expires: c.clock.Now().Add(time.Hour)}
			if _, err := c.store.Keep(t.Context(), bridge.Keeping{Token: &token}); err != nil {
				t.Fatal(err)
			}
		}
		c.pays("p1", buyer)
		c.turn(time.Minute)
		if mails := c.mail.mails(); len(mails) != 1 || subject(t, mails[0]) != want {
			t.Errorf("%q: %+v", language, mails)
		}
	}
}

func TestATextThatCannotBeFilledInWaitsForAPerson(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	own := "Subject: Merci\n\n{{if .Event}}{{template \"missing\"}}{{end}}Merci pour {{.Amount}}"
	put(t, filepath.Join(dir, "payment_received.en.txt"), own)
	c := newTown(t, func(c *town) { c.config.Templates = dir })
	c.keep(purchase.Fact{Purchase: keyOf("p1"), Kind: purchase.Offered, Standing: purchase.Own, Money: purchase.Money{Minor: 4500, Currency: "EUR"}, Detail: purchase.Detail{EventName: "Gala"}})
	c.pays("p1", buyer)
	c.pays("p2", buyer)
	c.turn(time.Minute)
	c.want("payment_received mail:payer pending bad_text", "payment_received webhook:crm sent sent", "payment_received mail:payer sent sent", "payment_received webhook:crm sent sent")
	put(t, filepath.Join(dir, "payment_received.en.txt"), strings.ReplaceAll(own, `{{template "missing"}}`, ""))
	c.crash()
	c.turn(10 * time.Minute)
	if mails := c.mail.mails(); len(mails) != 2 || !strings.Contains(mails[1].body, "Merci pour 45.00") {
		t.Errorf("%+v", mails)
	}
}

func TestAMessageThatIsTurnedDownIsTriedMoreAndMoreSeldom(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	tries := func() (n int) {
		const always = 1 << 20
		c.mail.set(func(m *mailServer) { n, m.greylist[buyer] = always-m.greylist[buyer], always })
		return n
	}
	tries()
	c.pays("p1", buyer)
	c.turn(time.Hour)
	if n := tries(); n < 6 || n > 20 {
		t.Errorf("%d tries in the first hour", n)
	}
	c.clock.Move(10 * time.Hour)
	c.turn(time.Hour)
	if n := tries(); n < 1 || n > 2 {
		t.Errorf("%d tries in the twelfth hour", n)
	}
}
