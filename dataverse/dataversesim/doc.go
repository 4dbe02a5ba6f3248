// Package dataversesim is Microsoft Entra, the Dataverse Web API and the event registration API of Dynamics 365 Customer
// Insights - Journeys, simulated over HTTPS: enough of them to sell a place at an event, from the register call to the
// registration record.
//
// The simulator has memory. It asks who a caller is as the real services do, keeps every request, enforces service
// protection, lets temporary registrations expire on a clock that can be moved, and goes wrong on demand. What Microsoft
// does not publish is a behaviour: a question with several answers, the first of which is the working assumption. A client
// is right only if no answer, to any question, makes it lose a payment or register twice.
//
//	sim := dataversesim.New(dataversesim.Config{})
//	server := httptest.NewTLSServer(sim.Handler())
//	id, redirect, err := sim.Register("Paid_Event1479011247", attendees, "")
//	sim.AddFault(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: dataversesim.KindCommitHang})
//
// # Routes
//
//	GET  /{tenant}/v2.0/.well-known/openid-configuration
//	POST /{tenant}/oauth2/v2.0/token                          client credentials: secret, certificate, federated assertion
//	     /api/data/v9.x/…                                     actions, tables, WhoAmI, RetrieveVersion, $metadata
//	POST /EvtMgmt/api/v2.0/events/{id}/registrations          outbound
//	POST /api/v1.0/orgs/{org}/eventmanagement/events/{id}/registrations    real-time
//
// Both register calls want the query emApplicationtoken and the header Origin. The buyer is a guest, unless the header
// X-Sim-Contact or the field contactId of the body names a contact.
//
// # Two clocks
//
// Advance moves Dynamics only: deadlines, delays of rows, service protection, createdon, the Date header. Entra keeps to
// Config.Now, because the tokens and assertions of a client under test live in the client's time. Delays of faults are real
// time, but for late-commit.
//
// # Control port
//
// Control serves JSON. Orders are JSON objects without unknown fields; they are answered by 204, by 200 where something is
// to be said, or by 400 with {"error": …}. Nobody is asked who they are.
//
//	GET    /state                                   variant, behaviours, now, purchases, seats, waiting faults, counters
//	GET    /behaviours                              every question with its answers
//	GET    /requests?operation=&purchase=           what was asked, oldest first; both filters are optional
//	POST   /variant       {"variant": "outbound"}
//	POST   /behaviour     {"name": "second-finalize", "variant": "no-op"}, or {"seed": 7} for all; seed 0 for the defaults
//	POST   /fault         {"operation": "finalize", "kind": "commit-then-hang", "times": 1, "purchase": "…",
//	                       "probability": 0.5, "retry_after": "date+30s", "delay": "2s"}; operation and kind suffice
//	POST   /clock         {"advance": "10m"}        answers {"now": …}
//	POST   /purchases     {"event": "…", "attendees": [{"firstName", "lastName", "email", "passId"}], "user": "…"}
//	                                                answers {"purchase_id": …, "redirect_url": …}
//	POST   /payment-page  {"url": "…"}
//	DELETE /faults
//	DELETE /requests
package dataversesim
