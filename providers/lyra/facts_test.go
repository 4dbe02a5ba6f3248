package lyra_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/lyra"
	"github.com/paybridge/paybridge/providers/providertest"
)

const (
	first  = "11111111111111111111111111111111"
	second = "22222222222222222222222222222222"
	credit = "33333333333333333333333333333333"
	ours   = providertest.PurchaseID + "-0123456789"
	named  = " " + providertest.PurchaseID
)

// part is a transaction of 45.00 EUR; more are members that it has besides, or instead.
func part(id, operation, status string, more ...string) string {
	members := map[string]string{"uuid": `"` + id + `"`, "amount": "4500", "currency": `"EUR"`, "operationType": `"` + operation + `"`,
		"detailedStatus": `"` + status + `"`, "creationDate": `"2026-11-20T10:15:30+00:00"`}
	for i := 0; i < len(more); i += 2 {
		members[more[i]] = more[i+1]
	}
	var all []string
	for name, value := range members {
		if value != "" {
			all = append(all, `"`+name+`":`+value)
		}
	}
	return "{" + strings.Join(all, ",") + "}"
}

// told is the answer of a notification about these transactions.
func told(orderID, cycle, status string, total int, parts ...string) string {
	return fmt.Sprintf(`{"_type":"V4/Payment","shopId":"%s","orderCycle":"%s","orderStatus":"%s","orderDetails":{"orderId":"%s","orderTotalAmount":%d,`+
		`"orderCurrency":"EUR","mode":"TEST"},"transactions":[%s]}`, shopID, cycle, status, orderID, total, strings.Join(parts, ","))
}

func paid(parts ...string) string {
	return told(providertest.PurchaseID, "CLOSED", "PAID", 4500, parts...)
}

func parent(id string) []string {
	return []string{"transactionDetails", `{"parentTransactionUuid":"` + id + `","sequenceNumber":1}`}
}

func TestWhatRESTNotificationsTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	debit := func(status string) string { return part(first, "DEBIT", status) }
	refund := func(status string) string { return part(credit, "CREDIT", status, parent(first)...) }
	for name, c := range map[string]struct {
		answer string
		want   []string
	}{
		"authorised":            {paid(debit("AUTHORISED")), []string{"proved captured " + first + " " + first + " 45.00 EUR" + named}},
		"captured":              {paid(debit("CAPTURED")), []string{"proved captured " + first + " " + first + " 45.00 EUR" + named}},
		"accepted":              {paid(debit("ACCEPTED")), []string{"proved captured " + first + " " + first + " 45.00 EUR" + named}},
		"at our page":           {told(ours, "CLOSED", "PAID", 4500, debit("AUTHORISED")), []string{"proved captured " + ours + " " + first + " 45.00 EUR" + named}},
		"not closed":            {told(ours, "OPEN", "PARTIALLY_PAID", 9000, debit("AUTHORISED")), []string{"proved pending " + ours + " " + first + named + " order_open"}},
		"closed, not paid":      {told(ours, "CLOSED", "RUNNING", 4500, debit("CAPTURED")), []string{"proved pending " + ours + " " + first + named + " order_open"}},
		"to be validated":       {told(ours, "CLOSED", "RUNNING", 4500, debit("AUTHORISED_TO_VALIDATE")), []string{"proved authorised " + ours + " " + first + " 45.00 EUR" + named}},
		"waiting":               {paid(debit("WAITING_AUTHORISATION")), []string{"proved pending " + first + " " + first + named + " waiting_authorisation"}},
		"waiting, by hand":      {paid(debit("WAITING_AUTHORISATION_TO_VALIDATE")), []string{"proved pending " + first + " " + first + named + " waiting_authorisation_to_validate"}},
		"waiting for payment":   {paid(debit("WAITING_FOR_PAYMENT")), []string{"proved pending " + first + " " + first + named + " waiting_for_payment"}},
		"begun":                 {paid(debit("INITIAL")), []string{"proved pending " + first + " " + first + named + " initial"}},
		"under verification":    {paid(debit("UNDER_VERIFICATION")), []string{"proved pending " + first + " " + first + named + " under_verification"}},
		"suspended":             {paid(debit("SUSPENDED")), []string{"proved pending " + first + " " + first + named + " suspended"}},
		"pending":               {paid(debit("PENDING")), []string{"proved pending " + first + " " + first + named + " pending"}},
		"refused":               {told(ours, "OPEN", "UNPAID", 4500, debit("REFUSED")), []string{"proved failed " + ours + " " + first + named + " refused"}},
		"cancelled":             {told(ours, "CLOSED", "UNPAID", 4500, debit("CANCELLED")), []string{"proved failed " + ours + " " + first + named + " cancelled"}},
		"cancelled, of no kind": {told(ours, "CLOSED", "UNPAID", 4500, part(first, "", "CANCELLED")), []string{"proved failed " + ours + " " + first + named + " cancelled"}},
		"not taken by the bank": {paid(debit("CAPTURE_FAILED")), []string{"proved failed " + first + " " + first + named + " capture_failed"}},
		"expired":               {paid(debit("EXPIRED")), []string{"proved failed " + first + " " + first + named + " expired"}},
		"an error":              {paid(debit("ERROR")), []string{"proved failed " + first + " " + first + named + " error"}},
		"not created":           {paid(debit("NOT_CREATED")), []string{"proved failed " + first + " " + first + named + " not_created"}},
		"given up":              {told(ours, "CLOSED", "ABANDONED", 4500), []string{}},
		"given up, in parts":    {told(ours, "CLOSED", "ABANDONED", 4500, part("", "", "ABANDONED")), []string{}},
		"given up, with an id":  {told(ours, "CLOSED", "ABANDONED", 4500, debit("ABANDONED")), []string{"proved failed " + ours + " " + first + named + " abandoned"}},
		"a card that is kept":   {paid(part(first, "VERIFICATION", "ACCEPTED")), []string{}},
		"refused, then paid": {paid(part(second, "DEBIT", "REFUSED"), debit("AUTHORISED")), []string{"proved failed " + first + " " + second + named + " refused",
			"proved captured " + first + " " + first + " 45.00 EUR" + named}},
		"by two cards": {paid(part(second, "DEBIT", "AUTHORISED", "amount", "2000"), part(first, "DEBIT", "CAPTURED", "amount", "2500")),
			[]string{"proved captured " + first + " " + second + " 20.00 EUR" + named, "proved captured " + first + " " + first + " 25.00 EUR" + named}},
		"a refund under way":      {paid(refund("AUTHORISED")), []string{"proved refunded " + first + " " + credit + " 45.00 EUR" + named}},
		"a refund":                {paid(refund("CAPTURED")), []string{"proved refunded " + first + " " + credit + " 45.00 EUR" + named}},
		"a refund to be tried":    {paid(refund("REFUND_TO_RETRY")), []string{"proved refunded " + first + " " + credit + " 45.00 EUR" + named}},
		"a refund that failed":    {paid(refund("REFUSED")), []string{"proved failed " + first + " " + credit + named + " refund_refused"}},
		"a refund with its debit": {paid(debit("CAPTURED"), refund("CAPTURED")), []string{"proved captured " + first + " " + first + " 45.00 EUR" + named, "proved refunded " + first + " " + credit + " 45.00 EUR" + named}},
		"a refund of ours":        {told(ours, "CLOSED", "PAID", 4500, refund("CAPTURED")), []string{"proved refunded " + ours + " " + credit + " 45.00 EUR" + named}},
		"a refund of who knows":   {paid(part(credit, "CREDIT", "CAPTURED")), []string{"heard refunded " + credit + " " + credit + " 45.00 EUR" + named}},
		"ids with dashes":         {paid(part("11111111-1111-1111-1111-111111111111", "DEBIT", "CAPTURED")), []string{"proved captured " + first + " " + first + " 45.00 EUR" + named}},
		"ids in capitals":         {paid(part(strings.Repeat("A", 32), "DEBIT", "CAPTURED")), []string{"proved captured " + strings.Repeat("a", 32) + " " + strings.Repeat("a", 32) + " 45.00 EUR" + named}},
		"for nothing":             {told("", "CLOSED", "PAID", 4500, debit("AUTHORISED")), []string{"proved captured " + first + " " + first + " 45.00 EUR"}},
		"no order id":             {strings.Replace(told("", "CLOSED", "PAID", 4500, debit("AUTHORISED")), `"orderId":""`, `"orderId":null`, 1), []string{"proved captured " + first + " " + first + " 45.00 EUR"}},
	} {
		reading, err := w.Read(t.Context(), providertest.Delivery(w.Sim.SignedAnswer(c.answer), time.Now()))
		if got := providertest.Said(reading.Facts); err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v\n got %q\nwant %q", name, err, got, c.want)
		}
	}
	for name, answer := range map[string]string{
		"less than the order":     told(ours, "CLOSED", "PAID", 9000, debit("AUTHORISED")),
		"more than the order":     paid(debit("AUTHORISED"), part(second, "DEBIT", "AUTHORISED")),
		"no total":                strings.Replace(paid(debit("AUTHORISED")), `"orderTotalAmount":4500,`, "", 1),
		"another currency":        paid(part(first, "DEBIT", "AUTHORISED", "currency", `"USD"`)),
		"no amount":               paid(part(first, "DEBIT", "AUTHORISED", "amount", "null")),
		"nothing":                 paid(part(first, "DEBIT", "AUTHORISED", "amount", "0")),
		"less than nothing":       paid(part(first, "DEBIT", "AUTHORISED", "amount", "-4500")),
		"half a cent":             paid(part(first, "DEBIT", "AUTHORISED", "amount", "4500.5")),
		"a text":                  paid(part(first, "DEBIT", "AUTHORISED", "amount", `"4500"`)),
		"no such currency":        strings.ReplaceAll(paid(debit("AUTHORISED")), `"EUR"`, `"EUX"`),
		"odd decimals":            strings.ReplaceAll(paid(debit("AUTHORISED")), `"EUR"`, `"CNY"`),
		"partly authorised":       paid(debit("PARTIALLY_AUTHORISED")),
		"an unknown status":       paid(debit("IMPROVED")),
		"no status":               paid(part(first, "DEBIT", "AUTHORISED", "detailedStatus", "")),
		"an unknown operation":    paid(part(first, "CHARGEBACK", "CAPTURED")),
		"no operation":            paid(part(first, "", "CAPTURED")),
		"an odd id":               paid(part("../x", "DEBIT", "AUTHORISED")),
		"no id":                   paid(part("", "DEBIT", "AUTHORISED")),
		"a key twice":             strings.Replace(paid(debit("AUTHORISED")), `"orderTotalAmount":4500`, `"orderTotalAmount":4500,"orderTotalAmount":1`, 1),
		"another type":            strings.Replace(paid(debit("AUTHORISED")), "V4/Payment", "V4/Token", 1),
		"no type":                 strings.Replace(paid(debit("AUTHORISED")), `"_type":"V4/Payment",`, "", 1),
		"no JSON":                 "kr-answer",
		"a list":                  "[]",
		"transactions as objects": strings.Replace(paid(debit("AUTHORISED")), `"transactions":[`, `"transactions":{"0":[`, 1) + "]}",
	} {
		reading, err := w.Read(t.Context(), providertest.Delivery(w.Sim.SignedAnswer(answer), time.Now()))
		if !errors.Is(err, purchase.ErrNotUnderstood) && refusal(err) == "" || len(reading.Facts) > 0 {
			t.Errorf("%s: %v, %v", name, reading, err)
		}
	}
}

func TestOneTransactionMovesOnAndNotBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	version := func(status string, sequence int) int64 {
		details := fmt.Sprintf(`{"sequenceNumber":%d}`, sequence)
		answer := told(ours, "CLOSED", "PAID", 4500, part(first, "DEBIT", status, "transactionDetails", details))
		reading, err := w.Read(t.Context(), providertest.Delivery(w.Sim.SignedAnswer(answer), time.Now()))
		if err != nil || len(reading.Facts) != 1 {
			t.Fatalf("%s: %v, %v", status, reading, err)
		}
		return reading.Facts[0].Version
	}
	order := [][]string{{"INITIAL", "WAITING_AUTHORISATION"}, {"AUTHORISED_TO_VALIDATE"}, {"AUTHORISED"}, {"UNDER_VERIFICATION", "SUSPENDED"},
		{"CANCELLED", "CAPTURE_FAILED", "REFUSED", "EXPIRED"}, {"CAPTURED"}}
	for i, statuses := range order {
		for _, s := range statuses {
			if i > 0 && version(s, 1) <= version(order[i-1][0], 1) {
				t.Errorf("%s does not follow %s", s, order[i-1][0])
			}
		}
	}
	if version("REFUSED", 1) >= version("AUTHORISED", 2) {
		t.Error("a refused attempt hides the next one")
	}
	if version("AUTHORISED", 0) != version("AUTHORISED", 1) {
		t.Error("an attempt that is not counted is not the first one")
	}
	form := newFormWorld(t)
	reading, err := form.Read(t.Context(), providertest.Delivery(form.Sim.SignedFields(fields("vads_trans_status", "CANCELLED", "vads_sequence_number", "-")), time.Now()))
	if err != nil || reading.Facts[0].Version <= version("CAPTURED", 3) {
		t.Errorf("a cancelled attempt that is not counted is not the last one: %v, %v", reading, err)
	}
}

// fields are those of a form notification of a payment; changes with "-" take a field away.
func fields(changes ...string) map[string]string {
	f := map[string]string{"vads_ctx_mode": "TEST", "vads_site_id": shopID, "vads_url_check_src": "PAY", "vads_operation_type": "DEBIT", "vads_trans_status": "AUTHORISED",
		"vads_result": "00", "vads_amount": "4500", "vads_effective_amount": "4500", "vads_currency": "978", "vads_effective_currency": "978", "vads_trans_uuid": first,
		"vads_order_id": providertest.PurchaseID, "vads_payment_config": "SINGLE", "vads_effective_creation_date": "20261120101530", "vads_sequence_number": "1"}
	for i := 0; i < len(changes); i += 2 {
		f[changes[i]] = changes[i+1]
	}
	maps.DeleteFunc(f, func(_, value string) bool { return value == "-" })
	return f
}

func TestWhatFormNotificationsTell(t *testing.T) {
	t.Parallel()
	w := newFormWorld(t)
	captured := []string{"heard captured " + first + " " + first + " 45.00 EUR" + named}
	for name, c := range map[string]struct {
		fields map[string]string
		want   []string
	}{
		"authorised":          {fields(), captured},
		"captured":            {fields("vads_trans_status", "CAPTURED", "vads_url_check_src", "BATCH"), captured},
		"accepted":            {fields("vads_trans_status", "ACCEPTED"), captured},
		"again":               {fields("vads_url_check_src", "RETRY"), captured},
		"no effective amount": {fields("vads_effective_amount", "-", "vads_effective_currency", "-"), captured},
		"of no currency":      {fields("vads_effective_currency", "-"), captured},
		"paid in another":     {fields("vads_effective_amount", "4800", "vads_effective_currency", "840"), captured},
		"at our page":         {fields("vads_order_id", ours), []string{"heard captured " + ours + " " + first + " 45.00 EUR" + named}},
		"in yen":              {fields("vads_currency", "392", "vads_effective_currency", "392"), []string{"heard captured " + first + " " + first + " 4500 JPY" + named}},
		"in dinars":           {fields("vads_currency", "414", "vads_effective_currency", "414"), []string{"heard captured " + first + " " + first + " 4.500 KWD" + named}},
		"an instalment":       {fields("vads_effective_amount", "1500", "vads_payment_config", "MULTI:first=1500;count=3;period=30"), []string{"heard captured " + first + " " + first + " 15.00 EUR" + named}},
		"to be validated":     {fields("vads_trans_status", "AUTHORISED_TO_VALIDATE"), []string{"heard authorised " + first + " " + first + " 45.00 EUR" + named}},
		"waiting":             {fields("vads_trans_status", "WAITING_AUTHORISATION"), []string{"heard pending " + first + " " + first + named + " waiting_authorisation"}},
		"under verification":  {fields("vads_trans_status", "UNDER_VERIFICATION", "vads_result", "-"), []string{"heard pending " + first + " " + first + named + " under_verification"}},
		"refused":             {fields("vads_trans_status", "REFUSED", "vads_result", "05"), []string{"heard failed " + first + " " + first + named + " refused"}},
		"cancelled":           {fields("vads_trans_status", "CANCELLED", "vads_operation_type", "-"), []string{"heard failed " + first + " " + first + named + " cancelled"}},
		"given up":            {fields("vads_trans_status", "ABANDONED", "vads_result", "17", "vads_operation_type", "-", "vads_trans_uuid", ""), []string{}},
		"a card that is kept": {fields("vads_trans_status", "ACCEPTED", "vads_operation_type", "VERIFICATION", "vads_amount", "-", "vads_effective_amount", "-"), []string{}},
		"a refund":            {fields("vads_operation_type", "CREDIT", "vads_url_check_src", "MERCH_BO", "vads_trans_uuid", credit), []string{"heard refunded " + credit + " " + credit + " 45.00 EUR" + named}},
		"a refund of ours":    {fields("vads_operation_type", "CREDIT", "vads_order_id", ours, "vads_trans_uuid", credit), []string{"heard refunded " + ours + " " + credit + " 45.00 EUR" + named}},
		"for nothing":         {fields("vads_order_id", "-"), []string{"heard captured " + first + " " + first + " 45.00 EUR"}},
	} {
		reading, err := w.Read(t.Context(), providertest.Delivery(w.Sim.SignedFields(c.fields), time.Now()))
		if got := providertest.Said(reading.Facts); err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v\n got %q\nwant %q", name, err, got, c.want)
		}
	}
	for name, f := range map[string]map[string]string{
		"another result":         fields("vads_result", "05"),
		"no result":              fields("vads_result", "-"),
		"an unknown currency":    fields("vads_currency", "999"),
		"odd decimals":           fields("vads_currency", "156", "vads_effective_currency", "156"),
		"no currency":            fields("vads_currency", "-", "vads_effective_currency", "-"),
		"no amount":              fields("vads_amount", "-", "vads_effective_amount", "-"),
		"a signed amount":        fields("vads_effective_amount", "+4500"),
		"nothing":                fields("vads_effective_amount", "0"),
		"an instalment changed":  fields("vads_effective_currency", "840", "vads_payment_config", "MULTI:first=1500;count=3;period=30"),
		"by several means":       fields("vads_card_brand", "MULTI", "vads_sequence_number", "0"),
		"a list of means":        fields("vads_payment_seq", "{}"),
		"an unknown status":      fields("vads_trans_status", "IMPROVED"),
		"no status":              fields("vads_trans_status", "-"),
		"an unknown operation":   fields("vads_operation_type", "CHARGEBACK"),
		"no operation":           fields("vads_operation_type", "-"),
		"an odd id":              fields("vads_trans_uuid", "1"),
		"no id":                  fields("vads_trans_uuid", ""),
		"more than there can be": fields("vads_effective_amount", "9999999999999"),
	} {
		reading, err := w.Read(t.Context(), providertest.Delivery(w.Sim.SignedFields(f), time.Now()))
		if !errors.Is(err, purchase.ErrNotUnderstood) || len(reading.Facts) > 0 {
			t.Errorf("%s: %v, %v", name, reading, err)
		}
	}
}

func TestFormNotificationsAreProofOnlyWhereTheSettingsTrustThem(t *testing.T) {
	t.Parallel()
	w := newFormWorld(t)
	w.config.TrustForm, w.config.Password = true, field.Secret{}
	a := w.open(t)
	if _, asks := a.(bridge.Asker); asks {
		t.Error("it asks without a password")
	}
	read := func(f map[string]string) (string, error) {
		reading, err := a.Read(t.Context(), providertest.Delivery(w.Sim.SignedFields(f), time.Now()))
		return fmt.Sprint(providertest.Said(reading.Facts)), err
	}
	if got, err := read(fields()); err != nil || got != "[proved captured "+first+" "+first+" 45.00 EUR"+named+"]" {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := read(fields("vads_operation_type", "CREDIT")); !errors.Is(err, purchase.ErrNotUnderstood) {
		t.Errorf("a refund that nobody can look up: %s, %v", got, err)
	}
}

func TestTheOrganisersFieldsAreFoundInBothKinds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ rest, form string }{
		"order_id":             {`"orderId":"` + providertest.PurchaseID + `"`, "vads_order_id"},
		"customer.reference":   {`"orderId":"1"`, "vads_cust_id"},
		"order_info":           {`"metadata":{"orderInfo":"` + providertest.PurchaseID + `","x":1}`, "vads_order_info"},
		"order_info2":          {`"metadata":{"orderInfo2":"` + providertest.PurchaseID + `"}`, "vads_order_info2"},
		"order_info3":          {`"metadata":{"orderInfo3":"` + providertest.PurchaseID + `"}`, "vads_order_info3"},
		"metadata.purchase_id": {`"metadata":{"purchase_id":"` + providertest.PurchaseID + `"}`, "vads_ext_info_purchase_id"},
	} {
		rest, form := newWorld(t), newFormWorld(t)
		answer := strings.Replace(paid(part(first, "DEBIT", "AUTHORISED")), `"orderId":"`+providertest.PurchaseID+`"`, c.rest, 1)
		if name == "customer.reference" {
			answer = strings.Replace(answer, `"transactions"`, `"customer":{"reference":"`+providertest.PurchaseID+`"},"transactions"`, 1)
		}
		for kind, d := range map[*world]purchase.Delivery{
			rest: providertest.Delivery(rest.Sim.SignedAnswer(answer), time.Now()),
			form: providertest.Delivery(form.Sim.SignedFields(fields("vads_order_id", "1", c.form, providertest.PurchaseID)), time.Now()),
		} {
			a, err := lyra.New(kind.config, providertest.Options(t, map[string]string{"purchase": name}))
			if err != nil {
				t.Fatal(err)
			}
			reading, err := a.Read(t.Context(), d)
			if err != nil || len(reading.Facts) != 1 || reading.Facts[0].Purchase.ID != providertest.PurchaseID {
				t.Errorf("%s in a %s notification: %+v, %v", name, kind.config.Notifications, reading.Facts, err)
			}
		}
	}
}
