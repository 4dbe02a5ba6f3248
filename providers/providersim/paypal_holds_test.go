package providersim_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paybridge/paybridge/providers/providersim"
)

// hold makes an approved order that reserves, and reserves its money.
func (m *merchant) hold(key string) (order, authorization string) {
	m.t.Helper()
	o, status := m.call("POST", "/v2/checkout/orders", key, strings.Replace(orderBody, "CAPTURE", "AUTHORIZE", 1))
	if status != 200 {
		m.t.Fatalf("create: %d", status)
	}
	if err := m.sim.Approve(o.ID); err != nil {
		m.t.Fatal(err)
	}
	held, status := m.call("POST", "/v2/checkout/orders/"+o.ID+"/authorize", "authorize-"+key, "{}")
	if status != 201 || held.Status != "COMPLETED" || len(held.Units[0].Payments.Authorizations) != 1 {
		m.t.Fatalf("authorize: %d %+v", status, held)
	}
	return o.ID, held.Units[0].Payments.Authorizations[0].ID
}

func TestPayPalReservesAndTakesByItsRules(t *testing.T) {
	var later atomic.Int64
	c := quiet()
	c.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	m := open(t, c)
	refused := func(what, path, body, want string) {
		t.Helper()
		if o, status := m.call("POST", path, what, body); status != 422 || issue(o) != want {
			t.Errorf("%s: %d %s, want %s", what, status, issue(o), want)
		}
	}
	plain := m.order("plain")
	refused("an order that captures", "/v2/checkout/orders/"+plain.ID+"/authorize", "{}", "ACTION_DOES_NOT_MATCH_INTENT")
	order, hold := m.hold("one")
	path := "/v2/payments/authorizations/" + hold
	refused("captured as an order", "/v2/checkout/orders/"+order+"/capture", "{}", "ACTION_DOES_NOT_MATCH_INTENT")
	refused("authorized twice", "/v2/checkout/orders/"+order+"/authorize", "{}", "ORDER_ALREADY_AUTHORIZED")
	if again, status := m.call("POST", "/v2/checkout/orders/"+order+"/authorize", "authorize-one", "{}"); status != 200 || again.Units[0].Payments.Authorizations[0].ID != hold {
		t.Errorf("the same key: %d %+v", status, again)
	}
	m.awaits(1, "PAYMENT.AUTHORIZATION.CREATED")
	refused("too much", path+"/capture", `{"amount":{"currency_code":"EUR","value":"45.01"}}`, "MAX_CAPTURE_AMOUNT_EXCEEDED")
	refused("other money", path+"/capture", `{"amount":{"currency_code":"USD","value":"45.00"}}`, "AUTH_CAPTURE_CURRENCY_MISMATCH")
	if part, status := m.call("POST", path+"/capture", "part", `{"amount":{"currency_code":"EUR","value":"15.00"},"final_capture":false}`); status != 201 || part.Status != "COMPLETED" {
		t.Errorf("a part: %d %+v", status, part)
	}
	refused("more than is left", path+"/capture", `{"amount":{"currency_code":"EUR","value":"30.01"}}`, "MAX_CAPTURE_AMOUNT_EXCEEDED")
	refused("void of a part", path+"/void", "", "PREVIOUSLY_CAPTURED")
	first, status := m.call("POST", path+"/capture", "rest", `{"final_capture":true}`)
	if again, same := m.call("POST", path+"/capture", "rest", `{"final_capture":true}`); status != 201 || same != 200 || again.ID != first.ID || len(m.sim.Captures()) != 2 {
		t.Errorf("the rest: %d, then %d; %d captures", status, same, len(m.sim.Captures()))
	}
	refused("taken twice", path+"/capture", "{}", "AUTHORIZATION_ALREADY_CAPTURED")
	if pay, _ := m.sim.Payment(order); pay.Status != "captured" {
		t.Errorf("it is %s", pay.Status)
	}
	if o, status := m.call("GET", path, "", ""); status != 200 || o.Status != "CAPTURED" {
		t.Errorf("read: %d %s", status, o.Status)
	}
	_, old := m.hold("old")
	later.Store(int64(30 * 24 * time.Hour))
	if all := m.sim.Authorizations(); all[len(all)-1].ID != old || all[len(all)-1].Status != "EXPIRED" {
		t.Errorf("after a month: %+v", all[len(all)-1])
	}
}

func TestPayPalGivesBackWhatIsReserved(t *testing.T) {
	for seed := range uint64(2) {
		c := quiet()
		c.Seed = seed
		m := open(t, c)
		order, hold := m.hold("one")
		path := "/v2/payments/authorizations/" + hold
		if err := m.sim.Approve(order); err != providersim.ErrTooLate {
			t.Errorf("approved again: %v", err)
		}
		if status := m.bare("POST", path+"/void", "void"); status != 204 {
			t.Errorf("void: %d", status)
		}
		if o, status := m.call("POST", path+"/void", "again", ""); status != 422 || issue(o) != "PREVIOUSLY_VOIDED" {
			t.Errorf("void again: %d %s", status, issue(o))
		}
		if o, status := m.call("POST", path+"/capture", "take", "{}"); status != 422 || issue(o) != "AUTHORIZATION_VOIDED" {
			t.Errorf("capture: %d %s", status, issue(o))
		}
		want := []string{"COMPLETED", "VOIDED"}[seed]
		if o, _ := m.call("GET", "/v2/checkout/orders/"+order, "", ""); o.Status != want {
			t.Errorf("the order is %s, want %s", o.Status, want)
		}
		if pay, _ := m.sim.Payment(order); fmt.Sprint(pay.Status) != "cancelled" {
			t.Errorf("it is %s", pay.Status)
		}
		m.awaits(1, "PAYMENT.AUTHORIZATION.VOIDED")
		if _, status := m.call("POST", "/v2/payments/authorizations/8ANOBODY000000001/void", "x", ""); status != 404 {
			t.Errorf("nobody's: %d", status)
		}
	}
}
