package generic_test

import (
	"errors"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/generic"
	"github.com/paybridge/paybridge/providers/protocol"
)

type config = generic.Config

func answer(a protocol.Account, kept bool) purchase.Answer {
	return a.(bridge.Answerer).Answer(purchase.Delivery{}, kept)
}

func errorsIsNoPayment(err error) bool { return errors.Is(err, purchase.ErrNoPayment) }
