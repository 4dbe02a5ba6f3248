package main

const engine = "./bridge"

// engineFaults are in what takes the steps.
var engineFaults = []fault{
	{
		name: "a finalize is sent before its intent is kept",
		file: "bridge/take.go",
		was: `	intents, err := w.learnIf(ctx, w.head, w.own(purchase.Fact{Kind: purchase.Intended,
		Detail: purchase.Detail{Step: purchase.StepFinalize, SendBefore: sendBefore, Basis: next.Basis}}))
	if err != nil {
		return err
	}
	w.log.Info("finalizing", zap.String("step", string(next.Step)), zap.Int64("attempt", intents[0].Number))
	failpoint.Hit("finalize", "call")
	outcome := w.env.Registrar.Finalize(ctx, purchase.Final{Key: w.key, Event: p.Reference.Event, User: p.Reference.User,
		SendBefore: sendBefore.Add(-w.skew)})`,
		is: `	outcome := w.env.Registrar.Finalize(ctx, purchase.Final{Key: w.key, Event: p.Reference.Event, User: p.Reference.User,
		SendBefore: sendBefore.Add(-w.skew)})
	intents, err := w.learnIf(ctx, w.head, w.own(purchase.Fact{Kind: purchase.Intended,
		Detail: purchase.Detail{Step: purchase.StepFinalize, SendBefore: sendBefore, Basis: next.Basis}}))
	if err != nil {
		return err
	}
	w.log.Info("finalizing", zap.String("step", string(next.Step)), zap.Int64("attempt", intents[0].Number))`,
		in: engine, test: "TestNoFinalizeLeavesWithoutItsIntent",
		cost: "A crash right after the call leaves no trace of it: the next node finalizes again.",
	},
	{
		name: "a finalize is kept on a stale plan",
		file: "bridge/take.go",
		was:  "intents, err := w.learnIf(ctx, w.head, w.own(purchase.Fact{Kind: purchase.Intended,\n\t\tDetail: purchase.Detail{Step: purchase.StepFinalize",
		is:   "intents, err := w.learnIf(ctx, \"\", w.own(purchase.Fact{Kind: purchase.Intended,\n\t\tDetail: purchase.Detail{Step: purchase.StepFinalize",
		in:   engine, test: "TestWhatWasLearnedSinceThePlanStopsTheCall",
		cost: "A refund that is heard between the plan and the call changes nothing: a seat without its money.",
	},
	{
		name: "money is moved on a stale plan",
		file: "bridge/operate.go",
		was:  "intents, err := w.learnIf(ctx, w.head, w.own(intent))",
		is:   "intents, err := w.learnIf(ctx, \"\", w.own(intent))",
		in:   engine, test: "TestWhatWasLearnedSinceThePlanStopsTheCall",
		cost: "A seat that is heard of between the plan and the call changes nothing: its money goes back.",
	},
	{
		name: "a call of money leaves however late",
		file: "bridge/operate.go",
		was:  "if !w.now().Before(intents[0].Detail.SendBefore) {",
		is:   "if false {",
		in:   engine, test: "TestACallOfMoneyLeavesInTimeOrNotAtAll",
		cost: "A node that slept captures or refunds after another one took over and concluded that it had not.",
	},
	{
		name: "send-before is said by the store's clock to our own",
		file: "bridge/take.go",
		was:  "SendBefore: sendBefore.Add(-w.skew)})",
		is:   "SendBefore: sendBefore})",
		in:   engine, test: "TestWhatIsSentInTimeIsJudgedByTheStoresClock",
		cost: "Where the node's clock is behind the store's, a finalize leaves after everybody took it for unsent.",
	},
	{
		name: "our clock counts, not the store's",
		file: "bridge/work.go",
		was:  "return w.Clock.Now().Add(w.skew) }",
		is:   "return w.Clock.Now() }",
		in:   engine, test: "TestWhatIsSentInTimeIsJudgedByTheStoresClock",
		cost: "Two nodes whose clocks differ by minutes each see another send-before, and both send.",
	},
	{
		name: "a delivery is acknowledged before it is kept",
		file: "bridge/receive.go",
		was:  "	kept, err := b.keep(ctx, k)\n\tswitch {\n\tcase errors.Is(err, ErrReplayed):",
		is:   "	var kept Kept\n\tvar err error\n\tgo func() { _, _ = b.keep(context.WithoutCancel(ctx), k) }()\n\tswitch {\n\tcase errors.Is(err, ErrReplayed):",
		in:   engine, test: "TestNothingIsAcknowledgedThatIsNotKept",
		cost: "The provider is told OK, the disk is full, and nobody ever hears of the payment again.",
	},
	{
		name: "a replayed message is acknowledged",
		file: "bridge/receive.go",
		was:  "return b.refuse(ctx, d, purchase.Forged(purchase.Replayed))",
		is:   "return Receipt{Outcome: Duplicate}",
		in:   engine, test: "TestAReplayedMessageWithOtherBytesIsRefused",
		cost: "Other bytes under a known message id are lost without a word.",
	},
	{
		name: "what cannot be checked now is refused",
		file: "bridge/receive.go",
		was:  "return b.keepDelivery(ctx, account, d, Keeping{State: Unchecked, Due: due}, KeptUnchecked)",
		is:   "_ = due\n\t\treturn b.refuse(ctx, d, err)",
		in:   engine, test: "TestAnUncheckedDeliveryIsReadAgain",
		cost: "While PayPal's certificates are out of reach every genuine notification is thrown away.",
	},
	{
		name: "live and sandbox may be mixed",
		file: "bridge/engine.go",
		was:  "if e.Live != a.Live {",
		is:   "if e.Live && !a.Live {",
		in:   engine, test: "TestModesNeverMix",
		cost: "Test cards buy real seats.",
	},
	{
		name: "hearsay says whose money it is",
		file: "bridge/ask.go",
		was:  `case f.Purchase.ID == "" && ours:`,
		is:   `case f.Purchase.ID == "" && (ours || !w.key.Orphaned()):`,
		in:   engine, test: "TestHearsayNeverTiesAnothersMoneyToAPurchase",
		cost: "A forged hint moves another buyer's payment to the forger's registration.",
	},
	{
		name: "an orphan on its way back is tied",
		file: "bridge/ask.go",
		was:  "if w.known.Returning() {",
		is:   "if false {",
		in:   engine, test: "TestAnOrphanOnItsWayBackIsTiedToNothing",
		cost: "Money whose refund is in doubt also buys a seat.",
	},
	{
		name: "whoever names a purchase takes an orphan on its way back",
		file: "bridge/receive.go",
		was:  "case returning: // whatever it names",
		is:   "case returning && false:",
		in:   engine, test: "TestAnOrphanOnItsWayBackIsTiedToNothing",
		cost: "A notification that names a purchase at last makes a seat of money whose refund is in doubt.",
	},
	{
		name: "an import ties an orphan on its way back",
		file: "bridge/import.go",
		was:  "	if returning {\n",
		is:   "	if returning && false {\n",
		in:   engine, test: "TestAnImportTiesNoOrphanOnItsWayBack",
		cost: "Money whose refund is in doubt also buys a seat, by a settlement file.",
	},
	{
		name: "who asked for a pause is not heard",
		file: "bridge/work.go",
		was:  "pause := purchase.Backoff(failures, after, w.now(), p.Deadline.At, w.Chance.Float64())",
		is:   "pause := purchase.Backoff(failures, 0, w.now(), p.Deadline.At, w.Chance.Float64())",
		in:   engine, test: "TestWhoAsksForAPauseGetsIt",
		cost: "Dynamics' throttling is answered with more requests, and it bans the application for longer.",
	},
	{
		name: "nothing was charged, it says, though nobody knows",
		file: "bridge/visit.go",
		was:  "untouched := pay.Lapsed || (pay.Opened.Detail.Capturable && len(pay.Captures) == 0 && !pay.MayBeCaptured())",
		is:   "untouched := pay.Lapsed || !pay.Captured.Known()",
		in:   engine, test: "TestNobodyIsToldThatNothingWasChargedWhileNobodyKnows",
		cost: "The page tells a buyer that nothing was charged while the capture is in doubt; the buyer pays again.",
	},
	{
		name: "the way back can be guessed",
		file: "bridge/checkout.go",
		was:  "	token := c.Chance.Token()\n\torder := c.order(p, token)",
		is:   "	token := TokenHash(c.key.String())\n\torder := c.order(p, token)",
		in:   engine, test: "TestEveryWayBackIsUnguessableAndEnds",
		cost: "Who knows a purchase id sees the buyer's return page.",
	},
	{
		name: "the way back is open for ever",
		file: "bridge/checkout.go",
		was:  "Expires: p.Deadline.At.Add(tokenLife)}",
		is:   "Expires: p.Deadline.At.Add(1000 * tokenLife)}",
		in:   engine, test: "TestEveryWayBackIsUnguessableAndEnds",
		cost: "An address in an old browser history shows a registration years later.",
	},
	{
		name: "more is refunded than is there",
		file: "bridge/decide.go",
		was:  "if !ok || left.Minor < 0 || !money.Positive() {",
		is:   "if !ok || left.Minor < -1<<40 || !money.Positive() {",
		in:   engine, test: "TestADecisionThatIsNotAllowedSaysWhatIs",
		cost: "A slip of the finger at the desk sends back 450 instead of 45.",
	},
	{
		name: "a bad line of a settlement file is left out",
		file: "bridge/import.go",
		was:  "		if err := i.line(ctx, l); err != nil {\n\t\t\treturn ImportResult{}, err\n\t\t}",
		is:   "		_ = i.line(ctx, l)",
		in:   engine, test: "TestAFileThatContradictsOrBelongsElsewhereIsRefusedWhole",
		cost: "Half a file is imported, and nobody knows which half.",
	},
	{
		name: "a list that was read in part is taken for read",
		file: "bridge/catchup.go",
		was:  "	l.Complete, l.Failures = s.to, 0\n",
		is:   "	l.Complete, l.Failures = l.Now, 0\n",
		in:   engine, test: "TestAfterAnOutageTheListGoesOnFromWhereItWasAndTheUrgentGoesFirst",
		cost: "After an outage the list is taken for read though part of it was not: payments nobody heard of.",
	},
	{
		name: "a blank makes another bank transfer",
		file: "bridge/decide_invoice.go",
		was:  `return strings.Join(strings.Fields(d.Transfer), " ") }`,
		is:   "return d.Transfer + strings.Repeat(\" \", 0) }",
		in:   engine, test: "TestAMistypedTransferIsCorrectedByALaterWord",
		cost: "One transfer that was copied twice counts as two: paid too much.",
	},
	{
		name: "a file is held against what was corrected",
		file: "bridge/import.go",
		was:  "k.Standing == purchase.Decided && !corrected(k, facts[i+1:])",
		is:   "k.Standing == purchase.Decided && i >= 0",
		in:   engine, test: "TestAMistypedTransferIsCorrectedByALaterWord",
		cost: "A file that contradicts what is known is taken for known.",
	},
}
