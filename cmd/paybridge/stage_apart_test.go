package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// wanderers come to a place at one instant, in the order given, and leave it in the order returned.
func wanderers(t *testing.T, names []string, through func(t *testing.T, name string)) []string {
	var left []string
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var all sync.WaitGroup
		for _, name := range names {
			all.Go(func() {
				through(t, name)
				mu.Lock()
				defer mu.Unlock()
				left = append(left, fmt.Sprint(name, " ", time.Now().UnixNano()))
			})
			synctest.Wait()
		}
		all.Wait()
	})
	return left
}

// Of those who come at one instant to where only one at a time gets on, each comes there at an instant of its own, whoever was first.
func TestWhoComesAtOneInstantIsKeptApart(t *testing.T) {
	t.Parallel()
	names := strings.Fields("a b c d e f g h")
	turned := slices.Clone(names)
	slices.Reverse(turned)
	where := func() *berth {
		return &berth{stage: &stage{clock: wallClock{}, options: stageOptions{weather: newClimate(plan{Seed: 7}, wallClock{}, newJournal(false))}}}
	}
	places := map[string]func(*testing.T, *berth, string){
		"governor": func(t *testing.T, p *berth, name string) {
			nothing := roundTrip(func(*http.Request) (*http.Response, error) { return nil, nil })
			req, err := http.NewRequestWithContext(about(t.Context(), purchase.Key{ID: name}), http.MethodPost, "https://dynamics.test/api/x", http.NoBody)
			if err == nil {
				_, err = approach{p, nothing}.RoundTrip(req)
			}
			if err != nil {
				t.Error(err)
			}
		},
		"sleep": func(t *testing.T, p *berth, name string) {
			_ = localClock{wallClock{}, p}.Sleep(travelling(t.Context(), name), time.Second)
		},
	}
	for place, through := range places {
		t.Run(place, func(t *testing.T) {
			leave := func(names []string) []string {
				var p *berth
				return wanderers(t, names, func(t *testing.T, name string) {
					if p == nil {
						p = where()
					}
					through(t, p, name)
				})
			}
			straight := leave(names)
			if other := leave(turned); !slices.Equal(straight, other) {
				t.Errorf("in another order\n%s\nis\n%s", straight, other)
			}
			instants := map[string]bool{}
			for _, l := range straight {
				_, at, _ := strings.Cut(l, " ")
				instants[at] = true
			}
			if len(instants) != len(names) {
				t.Errorf("%d instants for %d: %s", len(instants), len(names), straight)
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (r roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }
