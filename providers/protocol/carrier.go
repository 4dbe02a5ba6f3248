package protocol

import (
	"unicode/utf8"

	"github.com/paybridge/paybridge/bridge/purchase"
)

const maxEventID = 256

// About begins a fact about a payment of the account: which purchase it names, under our own seal in the first of the texts that
// opens, else where the settings say. A purchase or a contact that is not a GUID is left out.
func (o Options) About(standing purchase.Standing, payment string, field func(name string) string, sealed ...string) purchase.Fact {
	f := purchase.Fact{Standing: standing, Payment: payment, Purchase: purchase.Key{Environment: o.Environment}}
	ref, ours := o.opened(sealed)
	if !ours && o.Locate != nil {
		ref = o.Locate(field)
	}
	if id, err := purchase.ParseID(ref.Purchase); err == nil {
		f.Purchase.ID = id
	}
	if user, err := purchase.ParseID(ref.User); err == nil {
		f.Detail.User = user
	}
	if len(ref.Event) <= maxEventID && utf8.ValidString(ref.Event) {
		f.Detail.Event = ref.Event
	}
	f.Detail.Sealed = ours
	return f
}

func (o Options) opened(sealed []string) (purchase.Reference, bool) {
	for _, text := range sealed {
		if ref, ok := o.Seals.Open(text); ok {
			return ref, true
		}
	}
	return purchase.Reference{}, false
}
